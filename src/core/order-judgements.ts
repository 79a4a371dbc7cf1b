/* What the order of starts and stops goes by in a record. */
import type { ServiceRecord } from "./service-record.ts";
import { hasNoProcess, isEnding, isStarting } from "./service-state.ts";

export type Ask = NonNullable<ServiceRecord["held"]>;

/** true: it starts by itself, sooner or later, or is about to have started. */
export function isComing(state: ServiceRecord["state"]): boolean {
  if (state.tag === "preparing") return state.afterwards === null;
  return isStarting(state) || (state.tag === "waiting" && state.on === "others");
}

/** true: something of it runs that may need what it requires. */
export function isInTheWay({ state }: ServiceRecord): boolean {
  return !hasNoProcess(state) && state.tag !== "stuck";
}

/** true: others may need it as it is, and would lose that: what runs is to end, or what is done to be done again. */
export function isOfUse({ state }: ServiceRecord, ask: Ask): boolean {
  if (state.tag === "done") return ask === "restart-asked";
  return !hasNoProcess(state) && !isEnding(state) && state.tag !== "stuck";
}

/** true: something has changed that others may wait for. */
export function differs(record: ServiceRecord, previous: ServiceRecord): boolean {
  return (
    record.state !== previous.state ||
    record.held !== previous.held ||
    record.want !== previous.want ||
    record.wantedByHand !== previous.wantedByHand
  );
}
