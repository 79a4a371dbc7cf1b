/*
 * What becomes of a service whose supervisor is gone: from its record as it was last written, what was written down of its
 * process beside, and what of it is alive, the record with which a successor goes on, and what has to be done or told again.
 *
 * A record is written before what follows from it is done. So it is never ahead of the world but by the actions that were
 * written with it, and behind it only by what happened to processes: both are made up for here. What was being looked at or
 * spawned without a process of it is begun again; deadlines stay what they were.
 */
import type { Definition } from "./definition.ts";
import type { Exit } from "./exit.ts";
import type { SavedService } from "./saved-record.ts";
import type { ServiceAction, ServiceEvent } from "./service-event.ts";
import { type ServiceRecord, newRecord } from "./service-record.ts";
import { FRESH_STREAK, type ServiceState } from "./service-state.ts";
import type { StateOf } from "./transitions.ts";
import { type Instant, type WallTime, later, millis } from "./units.ts";
import { unreachable } from "./unreachable.ts";

/** What is known of a service from elsewhere than its record. */
export interface Evidence {
  /** Its main process: it lives, or has ended and will be told of. `hasExecuted`: false in the middle of its exec. */
  readonly main: { readonly pid: number; readonly hasExecuted: boolean } | null;
  /** true: the process that was last spawned came into being and is gone, and nobody has noted its end. */
  readonly isMainGone: boolean;
  /** How many others of it live. */
  readonly others: number;
  /** How its last main process ended, as far as that was written down; null: it is not known. */
  readonly exit: Exit | null;
}

/** How a successor goes on with a service. */
export interface Restoration {
  readonly record: ServiceRecord;
  /** To be done, in this order, before the events are told. */
  readonly actions: readonly ServiceAction[];
  readonly events: readonly ServiceEvent[];
}

/** How long an exec that was under way may still take. */
const EXEC_LEFT = millis(5_000);

/** `saved.actions`: those of which it is not known that they were carried out. */
export function restoreRecord(saved: SavedService, evidence: Evidence): Restoration {
  const { record, actions } = saved;
  const { state } = record;
  switch (state.tag) {
    case "down":
    case "waiting":
    case "backoff":
    case "done":
    case "failed":
      return goOn(record, redone(actions));
    case "preparing":
      if (state.doing === "hook") return goOn(record, redone(actions));
      return goOn(record, [{ tag: "look", again: state.doing === "read" }]);
    case "launching":
      return restoreLaunching(record, state, evidence);
    case "execing":
      if (evidence.main === null) return ended(record, actions, evidence);
      return goOn(record, [], evidence.main.hasExecuted ? [{ tag: "spawned", pid: evidence.main.pid }] : []);
    case "starting":
    case "up":
    case "leaving":
    case "stopping":
      return restoreRunning({ record, actions }, state, evidence);
    case "naming":
      if (evidence.main !== null) return goOn(record, [], [{ tag: "named", pid: evidence.main.pid }]);
      return goOn(record, [], evidence.others === 0 ? [{ tag: "emptied" }] : []);
    case "sweeping":
    case "stuck":
      if (evidence.main === null && evidence.others === 0) return goOn(record, told(actions), [{ tag: "emptied" }]);
      // It waited for its main process alone, and the others are to be left.
      if (evidence.main === null && state.tag === "stuck" && state.scope === "main")
        return ended(record, actions, evidence);
      return goOn(record, redone(actions));
    case "cleaning":
      return goOn(record, redone(actions));
    default:
      return unreachable(state);
  }
}

/** A service of which no record is known, but processes are left; null: none is left, and it begins as a new one does. */
export function restoreUnknown(
  definition: Definition,
  evidence: Evidence,
  { want, now, wall }: { readonly want: "up" | "down"; readonly now: Instant; readonly wall: WallTime },
): Restoration | null {
  const blank = { ...newRecord(definition, wall), want };
  const run = { streak: FRESH_STREAK, startedAt: now };
  if (evidence.main !== null) {
    const { pid, hasExecuted } = evidence.main;
    const state = hasExecuted ? runningState(definition, { ...run, pid }) : execing({ ...run, pid }, now);
    return goOn({ ...blank, state, startedAt: now }, []);
  }
  if (evidence.others === 0) return null;
  const afterwards = { tag: want === "up" ? "enable" : "rest" } as const;
  const until = later(now, definition.stop.timeout);
  const state = { tag: "sweeping", streak: FRESH_STREAK, force: "asked", until, afterwards } as const;
  return goOn({ ...blank, state }, [{ tag: "signal-all", signal: definition.stop.signal }]);
}

function execing(run: Pick<StateOf<"execing">, "streak" | "startedAt" | "pid">, now: Instant): ServiceState {
  return { tag: "execing", ...run, killAt: later(now, EXEC_LEFT) };
}

/** Whether it had come up cannot be told. That it has is the likelier, and does no harm. */
function runningState(
  { type }: Definition,
  run: Pick<StateOf<"up">, "streak" | "startedAt" | "pid">,
): StateOf<"starting" | "up"> {
  if (type === "oneshot") return { tag: "starting", phase: "work", ...run, readyBy: null };
  return { tag: "up", ...run, relayedAt: null };
}

/** If the child came into being, it has written down its pid itself; without one, nothing has happened yet. */
function restoreLaunching(record: ServiceRecord, state: StateOf<"launching">, evidence: Evidence): Restoration {
  const { main } = evidence;
  if (main === null && evidence.isMainGone) {
    const { streak, startedAt } = state;
    const begun: ServiceState = { tag: "execing", streak, startedAt, pid: 0, killAt: startedAt };
    return ended({ ...record, state: begun }, [], evidence);
  }
  if (main !== null) {
    const { pid } = main;
    return goOn(record, [], [main.hasExecuted ? { tag: "spawned", pid } : { tag: "exec-pending", pid }]);
  }
  // The start goes on behind its before_start hook, which has succeeded; this restart was counted already.
  const again: ServiceState = { ...state, tag: "preparing", doing: "read", afterwards: null };
  const restarts = state.automatic ? record.restarts - 1 : record.restarts;
  return goOn({ ...record, state: again, restarts }, [{ tag: "look", again: true }]);
}

function restoreRunning(
  { record, actions }: Pick<SavedService, "record" | "actions">,
  state: StateOf<"starting" | "up" | "leaving" | "stopping">,
  evidence: Evidence,
): Restoration {
  if (evidence.main === null) return ended(record, actions, evidence);
  if (evidence.main.pid === state.pid) return goOn(record, redone(actions));
  // It was noted before the record was changed.
  return goOn(record, redone(actions), [{ tag: "main-changed", pid: evidence.main.pid }]);
}

function ended(record: ServiceRecord, actions: readonly ServiceAction[], { exit, others }: Evidence): Restoration {
  return goOn(record, told(actions), [{ tag: "exited", exit: exit ?? { tag: "unknown" }, survivors: others }]);
}

function goOn(
  record: ServiceRecord,
  actions: readonly ServiceAction[],
  events: readonly ServiceEvent[] = [],
): Restoration {
  return { record, actions, events };
}

/** What is harmless to do a second time, should it have been done. A spawn is not: it has a state of its own. */
function redone(actions: readonly ServiceAction[]): readonly ServiceAction[] {
  return actions.filter(({ tag }) => tag !== "spawn" && tag !== "leave-rest" && tag !== "drop-look");
}

/** Of that, what is not done to processes. */
function told(actions: readonly ServiceAction[]): readonly ServiceAction[] {
  return actions.filter(({ tag }) => tag === "tell-failure" || tag === "end-supervisor" || tag === "drop-hook");
}
