import type { ServiceView } from "../core/service-view.ts";
import { type Look, paintState } from "./render-paint.ts";
import { onOneLine } from "./render-text.ts";
import { agoWordsOf, spanWordsOf, untilWordsOf } from "./render-words.ts";

/** Everything about one service, one thing a line. `now` in milliseconds since 1970. */
export function renderStatusBlock(service: ServiceView, now: number, look: Look): readonly string[] {
  const { last_exit: exit, next_start: next } = service;
  const state = service.state === "up" && !service.ready ? "up (not ready)" : service.state;
  const facts: readonly (readonly [string, string | null])[] = [
    ["state", `${paintState(state, service.state, look)} since ${timeWithAgo(service.since, now)}`],
    ["wanted", service.want],
    ["message", service.message],
    ["next start", next === null ? null : `${untilWordsOf(next, now)} (${next})`],
    ["pid", service.pid === null ? null : String(service.pid)],
    ["running for", service.uptime_ms === null ? null : spanWordsOf(service.uptime_ms)],
    ["restarts", String(service.restarts)],
    ["last exit", exit === null ? null : `${onOneLine(exit.reason)}, ${timeWithAgo(exit.at, now)}`],
    ["says", service.status],
    ["health", service.health],
    ["last check", service.health_detail],
    ["check said", saidOf(service)],
    ["stale", service.stale_detail],
    ["type", service.type],
  ];
  const title = onOneLine(service.description === "" ? service.name : `${service.name} - ${service.description}`);
  const shown = facts.flatMap(([label, value]) => {
    if (value === null || value === "") return [];
    return [`  ${label.padEnd(LABEL_WIDTH)}  ${label === "state" ? value : onOneLine(value)}`];
  });
  return [title, ...shown];
}

const LABEL_WIDTH = "running for".length;

/** The last lines of what the check said, unless its outcome tells it all. */
function saidOf({ health_detail: detail, health_output: output }: ServiceView): string | null {
  const lines = (output ?? "").trim().split("\n").slice(-MOST_SAID);
  return lines.length === 1 && detail?.endsWith(lines[0] ?? "") === true ? null : lines.join("\n");
}

const MOST_SAID = 5;

function timeWithAgo(iso: string, now: number): string {
  const ago = agoWordsOf(iso, now);
  return ago === iso ? iso : `${iso} (${ago})`;
}
