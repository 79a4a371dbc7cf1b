/*
 * The decider: what one service does about one event. Every state names every event; pairs that cannot happen say so.
 *
 * Meaning and invariants:
 * - A process is only ever started from one move, and that move is only reached from states that have no process.
 * - Whatever ends a run lets everything of it go first (stopping, sweeping); only then is decided what follows.
 * - A stop that was asked for ends in down, never in the restart policy.
 */
import type { ServiceEvent } from "./service-event.ts";
import type { ServiceState } from "./service-state.ts";
import { stepLeaving, stepStopping, stepStuck, stepSweeping } from "./step-ending.ts";
import { isLifeEvent, stepLife } from "./step-life.ts";
import { stepAtRest, stepBackoff, stepCleaning, stepPreparing, stepWaiting } from "./step-resting.ts";
import { stepExecing, stepLaunching, stepNaming, stepStarting, stepUp } from "./step-running.ts";
import type { Step, StepContext } from "./transitions.ts";
import { unreachable } from "./unreachable.ts";

export function step(state: ServiceState, event: ServiceEvent, context: StepContext): Step {
  if (isLifeEvent(event)) return stepLife(state, event, context);
  switch (state.tag) {
    case "down":
    case "done":
    case "failed":
      return stepAtRest(state, event, context);
    case "waiting":
      return stepWaiting(state, event, context);
    case "preparing":
      return stepPreparing(state, event, context);
    case "launching":
      return stepLaunching(state, event, context);
    case "execing":
      return stepExecing(state, event, context);
    case "starting":
      return stepStarting(state, event, context);
    case "naming":
      return stepNaming(state, event, context);
    case "up":
      return stepUp(state, event, context);
    case "leaving":
      return stepLeaving(state, event, context);
    case "stopping":
      return stepStopping(state, event, context);
    case "sweeping":
      return stepSweeping(state, event, context);
    case "cleaning":
      return stepCleaning(state, event);
    case "stuck":
      return stepStuck(state, event, context);
    case "backoff":
      return stepBackoff(state, event, context);
    default:
      return unreachable(state);
  }
}
