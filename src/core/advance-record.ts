/* What a record says after a step, beside its state. */
import { type Exit, exitWordsOf } from "./exit.ts";
import type { ServiceEvent } from "./service-event.ts";
import { NOT_READY, type ServiceRecord } from "./service-record.ts";
import { PUBLIC_STATE_OF, type ServiceState, hasNoProcess, mainPidOf } from "./service-state.ts";
import type { Step } from "./transitions.ts";
import type { WallTime } from "./units.ts";

/** With each of these it has been told what it was asked, or it does not count any more. */
const ANSWERED: ReadonlySet<string> = new Set([
  "start-asked",
  "enable-asked",
  "restart-asked",
  "stop-asked",
  "kill-asked",
] satisfies readonly ServiceEvent["tag"][]);

export function advanceRecord(
  before: ServiceRecord,
  event: ServiceEvent,
  { state, actions, wall }: Step & { readonly wall: WallTime },
): ServiceRecord {
  const spawn = actions.find((action) => action.tag === "spawn");
  const entersAnother = PUBLIC_STATE_OF[before.state.tag] !== PUBLIC_STATE_OF[state.tag];
  // That the starter of a daemon has left it is no end of the service.
  const isEnd = event.tag === "exited" && state.tag !== "naming";
  const isAnswered = before.asked !== null && ANSWERED.has(event.tag);
  if (state === before.state && spawn === undefined && event.tag !== "exited")
    return isAnswered ? { ...before, asked: null } : before;
  const isNewer = before.next !== null && takesNext(before.state, state);
  const isNoteOver = spawn !== undefined || (before.state.tag !== state.tag && isNoteOf(before));
  const isGone = mainPidOf(state) === null;
  const isReset = event.tag === "reset-asked";
  // All in one copy: this is done several times for each start of each service.
  return {
    ...before,
    definition: isNewer ? before.next : before.definition,
    next: isNewer ? null : before.next,
    state,
    since: entersAnother || spawn !== undefined ? wall : before.since,
    want: isReset && state.tag === "down" ? "down" : before.want,
    asked: isAnswered ? null : before.asked,
    health: isGone ? null : before.health,
    status: isGone ? null : before.status,
    reloading: isGone ? false : before.reloading,
    restarts: spawn !== undefined ? (spawn.automatic ? before.restarts + 1 : 0) : isReset ? 0 : before.restarts,
    lastExit: isEnd ? lastExitOf(before, event.exit, wall) : before.lastExit,
    startedAt: isGone ? null : "startedAt" in state ? state.startedAt : before.startedAt,
    stale: spawn === undefined && before.stale,
    endsOnRelay: before.endsOnRelay || actions.some((action) => action.tag === "note-ended-by-relay"),
    note: isNoteOver ? null : before.note,
  };
}

/** What is noted of it is changed. Why it was to be down does not count once it is to be up. */
export function amendedRecord(record: ServiceRecord, change: Partial<ServiceRecord>): ServiceRecord {
  const isBack = record.want === "down" && change.want === "up";
  return { ...record, note: isBack ? null : record.note, ...change };
}

/** Its launch has come to nothing because of an error of ours. */
export function abandonedRecord(record: ServiceRecord, error: unknown, wall: WallTime): ServiceRecord {
  const reason = `internal error: ${error instanceof Error ? error.message : String(error)}`;
  return { ...record, state: { tag: "failed", reason }, since: wall };
}

/** true: the note is about the state. That something cannot be killed is over with it, and so is what was to be said of its start. */
function isNoteOf({ state, note }: ServiceRecord): boolean {
  return state.tag === "stuck" || (state.tag === "starting" && note?.startsWith(NOT_READY) === true);
}

/** A newer definition counts from the beginning of a start, and at once where nothing runs. */
function takesNext(before: ServiceState, state: ServiceState): boolean {
  const begins = (state.tag === "launching" || state.tag === "preparing") && before.tag !== state.tag;
  return begins || hasNoProcess(state);
}

function lastExitOf(before: ServiceRecord, exit: Exit, at: WallTime): ServiceRecord["lastExit"] {
  const words = exitWordsOf(exit);
  const { state, definition } = before;
  if (state.tag !== "stopping") return { at, exit, reason: words };
  if (state.force === "overdue")
    return { at, exit, reason: `did not stop within ${definition.stop.timeout / 1000}s: ${words}` };
  // Why it was ended is worth more than by which signal.
  const { afterwards } = state;
  return { at, exit, reason: afterwards.tag === "judge" ? `${afterwards.ending.reason}: ${words}` : words };
}
