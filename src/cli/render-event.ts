import type { EventView } from "../core/service-view.ts";
import { onOneLine } from "./render-text.ts";

/** An event as one line: "2026-11-22T15:39:36.000Z web: starting -> up (pid 12): ready". */
export function renderEvent(event: EventView): string {
  const change = event.previous === null ? event.state : `${event.previous} -> ${event.state}`;
  const what = event.event === "state" && event.state !== null ? change : event.event;
  const pid = event.pid === null ? "" : ` (pid ${event.pid})`;
  const message = event.message === null || event.message === "" ? "" : `: ${onOneLine(event.message)}`;
  return `${event.at} ${onOneLine(event.service ?? "supervisor")}: ${what}${pid}${message}`;
}
