/* What a service does while it is being ended, and when it will not end. */
import type { Exit } from "./exit.ts";
import type { RunEvent, ServiceAction } from "./service-event.ts";
import type { Afterwards, Force } from "./service-state.ts";
import {
  KILL_TIMEOUT,
  calledOff,
  conclude,
  endingOf,
  held,
  impossible,
  kill,
  purge,
  stay,
  stopSignal,
  sweep,
  withFirst,
  type Step,
  type StateOf,
  type StepContext,
} from "./transitions.ts";
import { later } from "./units.ts";
import { unreachable } from "./unreachable.ts";

export function stepStopping(state: StateOf<"stopping">, event: RunEvent, context: StepContext): Step {
  switch (event.tag) {
    case "exited":
      return mainGone(state, event, context);
    case "deadline-passed":
      return state.force === "asked"
        ? killOverdue(state, context)
        : getStuck({ ...state, afterwards: decidedBy({ tag: "unknown" }, state, context) });
    case "stop-asked":
      return stay({ ...state, afterwards: { tag: "rest" } });
    case "start-asked":
    case "restart-asked":
      return stay({ ...state, afterwards: { tag: "start-anew" } });
    case "hold-asked":
      return stay({ ...state, afterwards: held(state.afterwards) });
    case "enable-asked":
      return stay({ ...state, afterwards: { tag: "enable" } });
    case "kill-asked":
      return kill(state, { tag: "rest" }, context);
    case "stop-command-failed":
      return state.force === "asked"
        ? { state, actions: stopSignal(state.pid, state.scope, context.definition) }
        : stay(state);
    case "spawn-failed":
      return conclude(state.afterwards, state.streak, context);
    case "found-unfit":
      return stay({ ...state, afterwards: { tag: "fail", reason: event.reason } });
    case "spawned": // the exec that was pending has gone through after all
    case "reset-asked":
    case "reload-asked":
    case "emptied":
      return stay(state);
    case "exec-pending":
    case "named":
    case "relayed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

/** The main process of a service that is being stopped has ended: done, or others of it are left. */
function mainGone(state: StateOf<"stopping">, event: { exit: Exit; survivors: number }, context: StepContext): Step {
  const { streak, until, force, scope } = state;
  const afterwards = decidedBy(event.exit, state, context);
  if (event.survivors === 0) return conclude(afterwards, streak, context);
  switch (scope) {
    case "main":
      return withFirst([{ tag: "leave-rest" }], conclude(afterwards, streak, context));
    case "mixed":
      return purge(streak, afterwards, context);
    case "group":
      return { state: { tag: "sweeping", streak, force, until, afterwards }, actions: signalRest(force, context) };
  }
}

/** For one that said itself that it was about to end, its exit decides what follows. */
function decidedBy(exit: Exit, state: StateOf<"stopping">, context: StepContext): Afterwards {
  if (state.afterwards.tag !== "judge-exit") return state.afterwards;
  const ending = endingOf(exit, state, context);
  return { tag: "judge", ending: state.force === "asked" ? ending : { ...ending, result: "timeout" } };
}

/** Its before_stop hook is at work. */
export function stepLeaving(state: StateOf<"leaving">, event: RunEvent, context: StepContext): Step {
  switch (event.tag) {
    case "exited":
      return withFirst(calledOff(state), endedLeaving(state, event.survivors, context));
    case "stop-asked":
      return stay({ ...state, afterwards: { tag: "rest" } });
    case "start-asked":
    case "restart-asked":
      return stay({ ...state, afterwards: { tag: "start-anew" } });
    case "hold-asked":
      return stay({ ...state, afterwards: held(state.afterwards) });
    case "enable-asked":
      return stay({ ...state, afterwards: { tag: "enable" } });
    case "kill-asked":
      return kill(state, { tag: "rest" }, context);
    case "found-unfit":
      return stay({ ...state, afterwards: { tag: "fail", reason: event.reason } });
    case "reset-asked":
    case "reload-asked":
    case "emptied":
    case "stop-command-failed":
    case "relayed":
      return stay(state);
    case "spawned":
    case "exec-pending":
    case "spawn-failed":
    case "named":
    case "deadline-passed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

function endedLeaving({ streak, afterwards }: StateOf<"leaving">, survivors: number, context: StepContext): Step {
  if (survivors === 0) return conclude(afterwards, streak, context);
  if (context.definition.stop.scope === "main")
    return withFirst([{ tag: "leave-rest" }], conclude(afterwards, streak, context));
  return sweep(streak, afterwards, context);
}

/** A stop command speaks to the main process; what that has left behind has not been asked to end yet. */
function signalRest(force: Force, { definition }: StepContext): readonly ServiceAction[] {
  if (force !== "asked" || definition.stop.command === null) return [];
  return [{ tag: "signal-all", signal: definition.stop.signal }];
}

export function stepSweeping(state: StateOf<"sweeping">, event: RunEvent, context: StepContext): Step {
  const { streak, afterwards } = state;
  switch (event.tag) {
    case "emptied":
      return conclude(afterwards, streak, context);
    case "deadline-passed":
      return state.force === "asked" ? purge(streak, afterwards, context) : getStuck(state);
    case "stop-asked":
      return stay({ ...state, afterwards: { tag: "rest" } });
    case "start-asked":
    case "restart-asked":
      return stay({ ...state, afterwards: { tag: "start-anew" } });
    case "hold-asked":
      return stay({ ...state, afterwards: held(state.afterwards) });
    case "enable-asked":
      return stay({ ...state, afterwards: { tag: "enable" } });
    case "kill-asked":
      return purge(streak, { tag: "rest" }, context);
    case "stop-command-failed":
      return state.force === "asked"
        ? { state, actions: [{ tag: "signal-all", signal: context.definition.stop.signal }] }
        : stay(state);
    case "found-unfit":
      return stay({ ...state, afterwards: { tag: "fail", reason: event.reason } });
    case "reset-asked":
    case "reload-asked":
      return stay(state);
    case "spawned":
    case "exec-pending":
    case "spawn-failed":
    case "exited":
    case "named":
    case "relayed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

export function stepStuck(state: StateOf<"stuck">, event: RunEvent, context: StepContext): Step {
  const { streak, afterwards } = state;
  switch (event.tag) {
    case "exited":
      if (event.survivors > 0 && state.scope === "main")
        return withFirst([{ tag: "leave-rest" }], conclude(afterwards, streak, context));
      return event.survivors === 0 ? conclude(afterwards, streak, context) : stay(state);
    case "spawn-failed":
    case "emptied":
      return conclude(afterwards, streak, context);
    case "start-asked":
    case "restart-asked":
      return stay({ ...state, afterwards: { tag: "start-anew" } });
    case "hold-asked":
      return stay({ ...state, afterwards: held(state.afterwards) });
    case "enable-asked":
      return stay({ ...state, afterwards: { tag: "enable" } });
    case "stop-asked":
      return stay({ ...state, afterwards: { tag: "rest" } });
    case "kill-asked":
      return {
        state: { ...state, afterwards: { tag: "rest" } },
        actions: state.scope === "main" ? [] : [{ tag: "kill-all" }],
      };
    case "found-unfit":
      return stay({ ...state, afterwards: { tag: "fail", reason: event.reason } });
    case "spawned":
    case "reset-asked":
    case "reload-asked":
    case "stop-command-failed":
      return stay(state);
    case "exec-pending":
    case "named":
    case "relayed":
    case "deadline-passed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

function killOverdue(state: StateOf<"stopping">, context: StepContext): Step {
  const { actions } = kill(state, state.afterwards, context);
  const until = later(context.now, KILL_TIMEOUT);
  return { state: { ...state, force: "overdue", until, afterwards: timedOut(state.afterwards, context) }, actions };
}

/** A run that did not end when asked: if the policy is to judge it, it judges a timeout. */
function timedOut(afterwards: Afterwards, context: StepContext): Afterwards {
  if (afterwards.tag !== "judge") return afterwards;
  const reason = `${afterwards.ending.reason}, and did not stop within ${context.definition.stop.timeout / 1000}s`;
  return { tag: "judge", ending: { ...afterwards.ending, result: "timeout", reason } };
}

function getStuck(state: StateOf<"stopping" | "sweeping">): Step {
  const { streak, afterwards } = state;
  const scope = state.tag === "stopping" ? state.scope : "group";
  return { state: { tag: "stuck", streak, scope, afterwards }, actions: [{ tag: "report-unkillable" }] };
}
