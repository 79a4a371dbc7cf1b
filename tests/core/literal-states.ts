import type { ServiceAction, ServiceEvent } from "../../src/core/service-event.ts";
import type { ServiceState, Streak } from "../../src/core/service-state.ts";
import { step } from "../../src/core/step.ts";
import type { StateOf, Step, StepContext } from "../../src/core/transitions.ts";
import { type Instant, millis } from "../../src/core/units.ts";
import { type DefinitionChanges, literalDefinition } from "./literal-definition.ts";

export type StateTag = ServiceState["tag"];
export type EventTag = ServiceEvent["tag"];

/** The moment at which every literal step happens. */
export const NOW = 100_000 as Instant;
/** When the runs of the literal states began: 2 s before. */
const BEGAN = 98_000 as Instant;
/** The main process of the literal states. */
export const PID = 7;

const STREAK: Streak = { failures: 2, restartedAt: [] };
const RUN = { streak: STREAK, startedAt: BEGAN, pid: PID };
const SOON = (NOW + 500) as Instant;

/** One state of each kind, in a row of two failures. */
export const STATES: { readonly [Tag in StateTag]: StateOf<Tag> } = {
  down: { tag: "down", why: "never-started" },
  waiting: { tag: "waiting", streak: STREAK, automatic: true, on: "others", reason: "why", pending: false },
  preparing: { tag: "preparing", doing: "hook", streak: STREAK, automatic: true, startedAt: BEGAN, afterwards: null },
  launching: { tag: "launching", streak: STREAK, automatic: true, startedAt: BEGAN },
  execing: { tag: "execing", ...RUN, killAt: SOON },
  starting: { tag: "starting", phase: "fork", ...RUN, readyBy: SOON },
  naming: { tag: "naming", streak: STREAK, startedAt: BEGAN, readyBy: SOON },
  up: { tag: "up", ...RUN, relayedAt: null },
  leaving: { tag: "leaving", ...RUN, afterwards: { tag: "rest" } },
  stopping: { tag: "stopping", ...RUN, scope: "group", force: "asked", until: SOON, afterwards: { tag: "rest" } },
  sweeping: { tag: "sweeping", streak: STREAK, force: "asked", until: SOON, afterwards: { tag: "rest" } },
  cleaning: { tag: "cleaning", streak: STREAK, afterwards: { tag: "rest" } },
  stuck: { tag: "stuck", streak: STREAK, scope: "group", afterwards: { tag: "rest" } },
  backoff: { tag: "backoff", streak: STREAK, retryAt: SOON, reason: "exited 1" },
  done: { tag: "done" },
  failed: { tag: "failed", reason: "exited 1" },
};

/** A oneshot at work. */
export const WORKING: StateOf<"starting"> = { tag: "starting", phase: "work", ...RUN, readyBy: null };

/** One event of each kind. */
export const EVENTS: { readonly [Tag in EventTag]: Extract<ServiceEvent, { tag: Tag }> } = {
  "start-asked": { tag: "start-asked" },
  "stop-asked": { tag: "stop-asked" },
  "restart-asked": { tag: "restart-asked" },
  "reset-asked": { tag: "reset-asked" },
  "reload-asked": { tag: "reload-asked" },
  "kill-asked": { tag: "kill-asked" },
  spawned: { tag: "spawned", pid: 9 },
  "exec-pending": { tag: "exec-pending", pid: 9 },
  "spawn-failed": { tag: "spawn-failed", reason: "exec failed: ENOENT: /bin/web" },
  "found-unfit": { tag: "found-unfit", reason: "there is no user" },
  exited: { tag: "exited", exit: { tag: "code", code: 1 }, survivors: 0 },
  named: { tag: "named", pid: 8 },
  relayed: { tag: "relayed" },
  emptied: { tag: "emptied" },
  "stop-command-failed": { tag: "stop-command-failed" },
  "deadline-passed": { tag: "deadline-passed" },
  "enable-asked": { tag: "enable-asked" },
  "hold-asked": { tag: "hold-asked" },
  gate: { tag: "gate", gate: null },
  due: { tag: "due" },
  demanded: { tag: "demanded" },
  looked: { tag: "looked" },
  "condition-unmet": { tag: "condition-unmet", reason: "no /data" },
  "hook-ended": { tag: "hook-ended", hook: "before_start", failure: null },
  ready: { tag: "ready" },
  "main-changed": { tag: "main-changed", pid: 9 },
  "says-stopping": { tag: "says-stopping" },
  "extend-timeout": { tag: "extend-timeout", by: millis(900) },
  "watchdog-missed": { tag: "watchdog-missed", timeout: millis(2_000) },
  "give-up": { tag: "give-up", reason: "called too often" },
  unhealthy: { tag: "unhealthy", action: "restart", reason: "3 checks failed" },
};

export function contextOf(changes: DefinitionChanges = {}): StepContext {
  const definition = literalDefinition(changes);
  return { definition, next: definition, want: "up", gate: null, note: null, now: NOW, jitter: 0 };
}

/**
 * One step, told in short: "stopping asked, rest: signal-all SIGTERM"; "=" if nothing changes, "!" if it cannot happen. That a
 * failure is told of is left out.
 */
export function told(state: ServiceState, event: ServiceEvent, context: StepContext): string {
  let result: Step;
  try {
    result = step(state, event, context);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("internal error")) return "!";
    throw error;
  }
  const actions = result.actions
    .filter((action) => action.tag !== "tell-failure")
    .map(toldAction)
    .join(", ");
  const isSame = Bun.deepEquals(result.state, state);
  if (actions === "") return isSame ? "=" : toldState(result.state);
  return `${isSame ? "=" : toldState(result.state)}: ${actions}`;
}

function toldState(state: ServiceState): string {
  switch (state.tag) {
    case "down":
      return `down ${state.why}`;
    case "waiting":
      return `waiting on ${state.on} (${state.reason})`;
    case "preparing":
      if (state.doing !== "hook") return `preparing (${state.doing})`;
      return state.afterwards === null ? "preparing" : `preparing, ${toldAfterwards(state.afterwards)}`;
    case "leaving":
      return `leaving ${state.pid}, ${toldAfterwards(state.afterwards)}`;
    case "cleaning":
      return `cleaning, ${toldAfterwards(state.afterwards)}`;
    case "launching":
      return `launching after ${state.streak.failures}`;
    case "starting":
      return state.phase === "fork" ? `starting ${state.pid}` : `starting ${state.pid} (${state.phase})`;
    case "execing":
    case "up":
      return `${state.tag} ${state.pid}`;
    case "naming":
      return "naming";
    case "stopping":
      return `stopping ${state.pid} ${state.force}, ${toldAfterwards(state.afterwards)}`;
    case "sweeping":
      return `sweeping ${state.force}, ${toldAfterwards(state.afterwards)}`;
    case "stuck":
      return `stuck, ${toldAfterwards(state.afterwards)}`;
    case "backoff":
      return `backoff after ${state.streak.failures} for ${state.retryAt - NOW}`;
    case "done":
      return "done";
    case "failed":
      return `failed (${state.reason})`;
  }
}

function toldAfterwards(afterwards: StateOf<"stuck">["afterwards"]): string {
  switch (afterwards.tag) {
    case "rest":
    case "start-anew":
    case "enable":
    case "judge-exit":
      return afterwards.tag;
    case "judge":
      return `judge ${afterwards.ending.result} (${afterwards.ending.reason})`;
    case "fail":
      return `fail (${afterwards.reason})`;
  }
}

function toldAction(action: ServiceAction): string {
  switch (action.tag) {
    case "spawn":
      return action.automatic ? "spawn by itself" : "spawn";
    case "signal-main":
      return `signal-main ${action.pid} ${action.signal}`;
    case "signal-all":
      return `signal-all ${action.signal}`;
    case "kill-main":
      return `kill-main ${action.pid}`;
    case "relay":
      return `relay ${action.signal} to ${action.pid}${action.force ? " by force" : ""}`;
    case "end-supervisor":
      return `end-supervisor ${action.code}`;
    case "look":
      return action.again ? "look again" : "look";
    case "run-hook":
      return `run-hook ${action.hook}`;
    case "tell-failure":
      return `tell-failure (${action.ending.reason})`;
    case "restart-in-order":
    case "drop-look":
    case "kill-hook":
    case "drop-hook":
    case "kill-all":
    case "run-stop-command":
    case "run-reload-command":
    case "leave-rest":
    case "note-ended-by-relay":
    case "report-unkillable":
      return action.tag;
  }
}
