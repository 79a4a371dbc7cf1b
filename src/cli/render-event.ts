import type { EventView } from "../core/service-view.ts";
import { type Look, paintState } from "./render-paint.ts";
import { onOneLine } from "./render-text.ts";

/** An event as one line: "2026-11-22T15:39:36.000Z web: starting -> up (pid 12): ready". */
export function renderEvent(event: EventView, look: Look): string {
  const state = event.state === null ? null : paintState(event.state, event.state, look);
  const change = event.previous === null ? state : `${event.previous} -> ${state}`;
  const what = event.event === "state" && event.state !== null ? change : event.event;
  const pid = event.pid === null ? "" : ` (pid ${event.pid})`;
  const message = event.message === null || event.message === "" ? "" : `: ${onOneLine(event.message)}`;
  return `${event.at} ${onOneLine(event.service ?? "supervisor")}: ${what}${pid}${message}`;
}
