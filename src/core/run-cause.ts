import type { RunCause } from "./history.ts";
import { isSuccess } from "./judge-exit.ts";
import type { ServiceRecord } from "./service-record.ts";
import type { Afterwards, Ending } from "./service-state.ts";
import { millis } from "./units.ts";

export interface CauseOfEnd {
  readonly cause: RunCause;
  /** What the supervisor had found of it before; null: nothing. */
  readonly finding: string | null;
}

/** Why a run ended: `previous` as the service was before, `last` as it is told of its exit. */
export function causeOfEnd(previous: ServiceRecord, last: NonNullable<ServiceRecord["lastExit"]>): CauseOfEnd {
  const { state } = previous;
  if ((state.tag === "stopping" || state.tag === "sweeping") && state.force === "overdue")
    return { cause: "timeout", finding: findingOf(state.afterwards) };
  if (state.tag === "stuck") return { cause: "timeout", finding: "it could not be killed" };
  const asked = state.tag === "stopping" || state.tag === "leaving" ? state.afterwards : null;
  if (asked === null || asked.tag === "judge-exit") return { cause: ownCauseOf(previous, last), finding: null };
  if (asked.tag === "fail") return { cause: causeOfFailing(previous), finding: asked.reason };
  if (asked.tag !== "judge") return { cause: "stop", finding: null };
  const { result } = asked.ending;
  const isOwn = result !== "exit" && result !== "before-start" && result !== "after-start";
  return { cause: isOwn ? result : "stop", finding: asked.ending.reason };
}

/** true: the service has been asked to end, and is still given the time for it. */
export function isAskedToEnd({ state }: ServiceRecord): boolean {
  if (state.tag === "leaving") return true;
  if (state.tag !== "stopping" || state.force === "overdue") return false;
  const { tag } = state.afterwards;
  return tag !== "judge" && tag !== "judge-exit" && tag !== "fail";
}

/** It was ended for good; what the machine lacks for the next run is no reason of this one's end. */
function causeOfFailing({ state, health }: ServiceRecord): RunCause {
  if (health === "unhealthy") return "unhealthy";
  return state.tag === "stopping" && state.force === "killed" ? "timeout" : "stop";
}

function findingOf(afterwards: Afterwards): string | null {
  if (afterwards.tag === "judge") return afterwards.ending.reason;
  return afterwards.tag === "fail" ? afterwards.reason : null;
}

function ownCauseOf({ definition }: ServiceRecord, { exit }: NonNullable<ServiceRecord["lastExit"]>): RunCause {
  const ending: Ending = { exit, result: "exit", length: millis(0), reason: "" };
  return isSuccess(ending, definition.restart) ? "end" : "crash";
}
