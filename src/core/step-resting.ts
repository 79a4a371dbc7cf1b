/* What a service does while no process of it exists. */
import type { RunEvent } from "./service-event.ts";
import { type Afterwards, FRESH_STREAK } from "./service-state.ts";
import {
  conclude,
  enable,
  held,
  impossible,
  launch,
  settle,
  stay,
  withFirst,
  type Step,
  type StateOf,
  type StepContext,
} from "./transitions.ts";
import { unreachable } from "./unreachable.ts";

export function stepAtRest(state: StateOf<"down" | "done" | "failed">, event: RunEvent, context: StepContext): Step {
  switch (event.tag) {
    case "start-asked":
    case "restart-asked":
      return launch(FRESH_STREAK, context, false);
    case "enable-asked":
      return enable(FRESH_STREAK, context);
    case "stop-asked":
    case "kill-asked":
      return stay(state.tag === "down" ? state : { tag: "down", why: "stopped" });
    case "reset-asked":
      return stay(state.tag === "down" ? state : { tag: "down", why: "reset" });
    case "found-unfit":
      return settle({ tag: "failed", reason: event.reason }, null, context);
    case "hold-asked":
    case "reload-asked":
    case "stop-command-failed": // the command outlived the service that it was to stop
    case "emptied": // something left on purpose has ended since
      return stay(state);
    case "spawned":
    case "exec-pending":
    case "spawn-failed":
    case "exited":
    case "named":
    case "relayed":
    case "deadline-passed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

export function stepWaiting(state: StateOf<"waiting">, event: RunEvent, context: StepContext): Step {
  switch (event.tag) {
    case "start-asked":
    case "restart-asked":
      return launch(FRESH_STREAK, context, false);
    case "stop-asked":
    case "kill-asked":
      return stay({ tag: "down", why: "stopped" });
    case "reset-asked":
      return stay({ ...state, streak: FRESH_STREAK });
    case "found-unfit":
      return settle({ tag: "failed", reason: event.reason }, null, context);
    case "enable-asked":
      return state.on === "others" ? stay(state) : enable(FRESH_STREAK, context);
    case "hold-asked":
    case "reload-asked":
    case "emptied":
    case "stop-command-failed":
      return stay(state);
    case "spawned":
    case "exec-pending":
    case "spawn-failed":
    case "exited":
    case "named":
    case "relayed":
    case "deadline-passed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

/** If its before_start hook is at work, what ends the start waits for the end of the hook. */
export function stepPreparing(state: StateOf<"preparing">, event: RunEvent, context: StepContext): Step {
  const callOff = (afterwards: Afterwards): Step => {
    if (state.doing !== "hook") return withFirst([{ tag: "drop-look" }], conclude(afterwards, state.streak, context));
    return { state: { ...state, afterwards }, actions: state.afterwards === null ? [{ tag: "kill-hook" }] : [] };
  };
  switch (event.tag) {
    case "stop-asked":
    case "kill-asked":
      return callOff({ tag: "rest" });
    case "restart-asked":
      return callOff({ tag: "start-anew" });
    case "hold-asked":
      return callOff(held(state.afterwards ?? { tag: "start-anew" }));
    case "found-unfit":
      return callOff({ tag: "fail", reason: event.reason });
    case "start-asked":
    case "enable-asked":
      return state.afterwards === null ? stay(state) : stay({ ...state, afterwards: { tag: "start-anew" } });
    case "reset-asked":
    case "reload-asked":
    case "emptied":
    case "stop-command-failed":
      return stay(state);
    case "spawned":
    case "exec-pending":
    case "spawn-failed":
    case "exited":
    case "named":
    case "relayed":
    case "deadline-passed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

/** Its after_stop hook is at work. */
export function stepCleaning(state: StateOf<"cleaning">, event: RunEvent): Step {
  switch (event.tag) {
    case "stop-asked":
      return stay({ ...state, afterwards: { tag: "rest" } });
    case "kill-asked":
      return { state: { ...state, afterwards: { tag: "rest" } }, actions: [{ tag: "kill-hook" }] };
    case "start-asked":
    case "restart-asked":
      return stay({ ...state, afterwards: { tag: "start-anew" } });
    case "hold-asked":
      return stay({ ...state, afterwards: held(state.afterwards) });
    case "enable-asked":
      return stay({ ...state, afterwards: { tag: "enable" } });
    case "found-unfit":
      return stay({ ...state, afterwards: { tag: "fail", reason: event.reason } });
    case "reset-asked":
    case "reload-asked":
    case "emptied":
    case "stop-command-failed":
      return stay(state);
    case "spawned":
    case "exec-pending":
    case "spawn-failed":
    case "exited":
    case "named":
    case "relayed":
    case "deadline-passed":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

export function stepBackoff(state: StateOf<"backoff">, event: RunEvent, context: StepContext): Step {
  switch (event.tag) {
    case "deadline-passed":
      return launch(state.streak, context, true);
    case "start-asked":
    case "restart-asked":
      return launch(FRESH_STREAK, context, false);
    case "stop-asked":
    case "kill-asked":
      return stay({ tag: "down", why: "stopped" });
    case "reset-asked":
      return stay({ ...state, streak: FRESH_STREAK });
    case "enable-asked":
    case "hold-asked":
    case "reload-asked":
    case "found-unfit":
    case "emptied":
    case "stop-command-failed":
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
