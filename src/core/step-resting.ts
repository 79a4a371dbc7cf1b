/* What a service does while no process of it exists. */
import type { ServiceEvent } from "./service-event.ts";
import { type Afterwards, FRESH_STREAK } from "./service-state.ts";
import {
  impossible,
  launch,
  settle,
  stay,
  sweep,
  terminate,
  type Step,
  type StateOf,
  type StepContext,
} from "./transitions.ts";
import { unreachable } from "./unreachable.ts";

export function stepAtRest(
  state: StateOf<"down" | "done" | "failed">,
  event: ServiceEvent,
  context: StepContext,
): Step {
  switch (event.tag) {
    case "start-asked":
    case "restart-asked":
      return launch(FRESH_STREAK, context, false);
    case "stop-asked":
    case "kill-asked":
      return stay({ tag: "down", why: state.tag === "down" ? state.why : "stopped" });
    case "reset-asked":
      return stay(state.tag === "down" ? state : { tag: "down", why: "reset" });
    case "found-unfit":
      return settle({ tag: "failed", reason: event.reason }, null, context);
    case "found-running":
      return stopFound(event.pid, context);
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

export function stepBackoff(state: StateOf<"backoff">, event: ServiceEvent, context: StepContext): Step {
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
    case "found-running":
      return impossible(state, event);
    default:
      return unreachable(event);
  }
}

function stopFound(pid: number | null, context: StepContext): Step {
  const afterwards: Afterwards = { tag: "start-anew" };
  if (pid === null) return sweep(FRESH_STREAK, afterwards, context);
  return terminate({ tag: "found", streak: FRESH_STREAK, startedAt: context.now, pid }, afterwards, context);
}
