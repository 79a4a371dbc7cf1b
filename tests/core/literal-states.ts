import type { ServiceAction, ServiceEvent } from "../../src/core/service-event.ts";
import type { ServiceState, Streak } from "../../src/core/service-state.ts";
import { step } from "../../src/core/step.ts";
import type { StateOf, Step, StepContext } from "../../src/core/transitions.ts";
import type { Instant } from "../../src/core/units.ts";
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
  launching: { tag: "launching", streak: STREAK, startedAt: BEGAN },
  execing: { tag: "execing", ...RUN, killAt: SOON },
  starting: { tag: "starting", ...RUN, readyBy: SOON },
  naming: { tag: "naming", streak: STREAK, startedAt: BEGAN, readyBy: SOON },
  up: { tag: "up", ...RUN, relayedAt: null },
  stopping: { tag: "stopping", ...RUN, scope: "group", force: "asked", until: SOON, afterwards: { tag: "rest" } },
  sweeping: { tag: "sweeping", streak: STREAK, force: "asked", until: SOON, afterwards: { tag: "rest" } },
  stuck: { tag: "stuck", streak: STREAK, scope: "group", afterwards: { tag: "rest" } },
  backoff: { tag: "backoff", streak: STREAK, retryAt: SOON, reason: "exited 1" },
  done: { tag: "done" },
  failed: { tag: "failed", reason: "exited 1" },
};

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
  "found-running": { tag: "found-running", pid: 8 },
};

export function contextOf(changes: DefinitionChanges = {}): StepContext {
  return { definition: literalDefinition(changes), now: NOW, jitter: 0 };
}

/** One step, told in short: "stopping asked, rest: signal-all SIGTERM"; "=" if nothing changes, "!" if it cannot happen. */
export function told(state: ServiceState, event: ServiceEvent, context: StepContext): string {
  let result: Step;
  try {
    result = step(state, event, context);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("internal error")) return "!";
    throw error;
  }
  const actions = result.actions.map(toldAction).join(", ");
  const isSame = Bun.deepEquals(result.state, state);
  if (actions === "") return isSame ? "=" : toldState(result.state);
  return `${isSame ? "=" : toldState(result.state)}: ${actions}`;
}

function toldState(state: ServiceState): string {
  switch (state.tag) {
    case "down":
      return `down ${state.why}`;
    case "launching":
      return `launching after ${state.streak.failures}`;
    case "execing":
    case "starting":
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
    case "kill-all":
    case "run-stop-command":
    case "run-reload-command":
    case "leave-rest":
    case "note-ended-by-relay":
    case "report-unkillable":
      return action.tag;
  }
}
