import type { ServiceView } from "../core/service-view.ts";
import { onOneLine } from "./render-text.ts";
import { untilWordsOf } from "./render-words.ts";

export interface NoteOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** true: the last exit is shown elsewhere, so that it need not be said as the reason as well. */
  readonly isExitShown: boolean;
}

/** What is worth knowing beside the state, on one line: when it starts next, why it is so, what it says of itself. */
export function noteOf(service: ServiceView, { now, isExitShown }: NoteOptions): string {
  const { state } = service;
  if (hasNothingToSay(service)) return "";
  const notes = [
    service.next_start === null ? null : `starts ${untilWordsOf(service.next_start, now)}`,
    whyOf(service, { isExitShown, isTrouble: state === "failed" || state === "backoff" }),
    healthOf(service),
    service.status,
    service.stale_detail === null ? null : `stale: ${service.stale_detail}`,
  ];
  return notes
    .filter((note) => note !== null && note !== "")
    .map((note) => onOneLine(note ?? ""))
    .join("; ");
}

/**
 * The message, and for what is in trouble how it has ended, each said once: "exited 1; given up: ..." says "exited 1" itself, and
 * "watchdog timeout" stands before "killed by SIGABRT" in the reason of the exit as well.
 */
function whyOf(
  { message, last_exit: exit }: ServiceView,
  { isExitShown, isTrouble }: { readonly isExitShown: boolean; readonly isTrouble: boolean },
): string | null {
  if (exit === null || (!isExitShown && !isTrouble)) return message;
  const { reason } = exit;
  const [first = "", ...rest] = (message ?? "").split("; ");
  const saysSo = reason === first || reason.startsWith(`${first}: `);
  if (isExitShown) return saysSo ? rest.join("; ") : message;
  return (saysSo ? [reason, ...rest] : [message, reason]).filter((part) => part !== null && part !== "").join("; ");
}

/** So it is with most of a thousand services. */
function hasNothingToSay({
  state,
  message,
  next_start: next,
  health,
  status,
  stale_detail: stale,
}: ServiceView): boolean {
  const isQuiet = message === null && next === null && status === null && stale === null;
  return isQuiet && state === "up" && (health === null || health === "healthy");
}

/** null: there is nothing to say, as it is healthy or nobody asks. */
function healthOf({ health, health_detail: detail }: ServiceView): string | null {
  if (health === null || health === "healthy") return null;
  return `health: ${healthWordsOf({ health, health_detail: detail })}${detail === null ? "" : ` (${detail})`}`;
}

/** Its health in words. Until a first check has succeeded within the start period, none that fails counts. */
export function healthWordsOf({
  health,
  health_detail: detail,
}: Pick<ServiceView, "health" | "health_detail">): string | null {
  if (health !== "starting") return health;
  return detail === null ? "not checked yet" : "not healthy yet";
}

/** How long a service may be on its way before it is worth a look, in milliseconds. */
const SLOW_MS = 10_000;

/** It could not even be made to run, so it has said nothing: "exec failed: ENOENT: /usr/bin/wbe". */
const NOT_RUN = /^[a-z_]+ failed: E[A-Z0-9]+\b/;

export type Remedy = readonly [what: "try" | "mend", words: string];

/**
 * What to do next about a service that is not well, such as "try" "daemonsup logs web"; null: there is nothing to do. `now` in
 * milliseconds since 1970; `program` is how this supervisor is spoken to.
 */
export function remedyOf(service: ServiceView, { now, program }: { now: number; program: string }): Remedy | null {
  const { state, name, message, last_exit: exit } = service;
  const hasNotRun = NOT_RUN.test(message ?? "");
  if (state === "backoff" && hasNotRun) return ["mend", "it: it is tried again by itself"];
  if (state === "failed" && (exit === null || hasNotRun))
    return ["mend", `it, then try ${program} start ${name} (${program} reload, if it was the definition)`];
  const advice = adviceOf(service, now);
  return advice === null ? null : ["try", `${program} ${advice}`];
}

/**
 * What to type next about a service that is not well, without the program's name: "logs web"; null: there is nothing to do.
 * `now` in milliseconds since 1970.
 */
function adviceOf(service: ServiceView, now: number): string | null {
  const { name, state, want, well, health, message } = service;
  const isSlow = (): boolean => now - Date.parse(service.since) > SLOW_MS;
  switch (state) {
    case "failed":
    case "backoff":
      return `logs ${name}`;
    case "waiting":
      return well ? null : adviceOnWaiting(name, message ?? "");
    case "starting":
      return isSlow() ? `logs ${name}` : null;
    case "stopping":
      return isSlow() ? `signal KILL ${name}` : null;
    case "up":
      return health === "unhealthy" || (!well && want === "up") ? `status ${name}` : null;
    case "done":
    case "down":
      return null;
  }
}

/** What it waits for names the culprit: `requires "db", which has failed: exited 1`. One that is on its way is none. */
function adviceOnWaiting(name: string, reason: string): string | null {
  const found = /"([^"]+)", which (.*)/.exec(reason);
  const [culprit, why] = [found?.[1], found?.[2] ?? ""];
  if (/^is (?:starting|waiting|stopping)/.test(why)) return null;
  if (culprit === undefined) return `status ${name}`;
  return /stopped by hand|is down/.test(why) ? `start ${culprit}` : `status ${culprit}`;
}
