/* What keeps a service from being started: what it requires, conflicts with, or has to come after. */
import { isSuccess } from "./judge-exit.ts";
import type { Links } from "./links.ts";
import type { ServiceRecord } from "./service-record.ts";
import { hasNoProcess, isEnding } from "./service-state.ts";
import { millis } from "./units.ts";
import { unreachable } from "./unreachable.ts";

export interface Gate {
  /** For a person: `requires "db", which is starting`. */
  readonly reason: string;
  /** true: what is in the way is about to go away by itself; false: it may take for ever. */
  readonly pending: boolean;
}

export type LookUp = (service: string) => ServiceRecord | null;

/** The first thing that is in the way of a start; null: nothing. */
export function gateOf(record: ServiceRecord, links: Links, get: LookUp): Gate | null {
  const { name } = record.definition;
  if (record.want === "down") return { reason: "it is not wanted any more", pending: false };
  if (record.held !== null) return { reason: "it is to be stopped", pending: true };
  for (const requirement of links.requirementsOf(name)) {
    const gate = gateOfRequirement(requirement.name, get(requirement.name));
    if (gate !== null) return gate;
  }
  for (const rival of links.conflictsOf(name)) {
    const other = get(rival);
    if (other !== null && !hasNoProcess(other.state))
      return { reason: `conflicts with "${rival}", which still runs`, pending: isLeaving(other) };
  }
  for (const earlier of links.predecessorsOf(name)) {
    const other = get(earlier);
    if (other !== null && isPending(other))
      return { reason: `after "${earlier}", which ${wordsOf(other)}`, pending: true };
  }
  return null;
}

/** true: what requires it may run. A service that has ended is ready only if to end was its purpose. */
export function isSatisfied(record: ServiceRecord): boolean {
  if (record.held !== null) return false;
  const { state, definition } = record;
  if (state.tag === "waiting") return isAvailable(state, record);
  return state.tag === "up" || (state.tag === "done" && definition.type === "oneshot");
}

/** A socket is there for whoever connects; of what a schedule runs, the last run has done what it is for. */
function isAvailable(
  { on, reason }: Extract<ServiceRecord["state"], { tag: "waiting" }>,
  { definition, lastExit }: ServiceRecord,
): boolean {
  if (on !== "schedule") return on === "socket";
  if (reason !== "" || lastExit === null) return false;
  return isSuccess({ exit: lastExit.exit, result: "exit", length: millis(0), reason: "" }, definition.restart);
}

function gateOfRequirement(name: string, record: ServiceRecord | null): Gate | null {
  if (record === null) return { reason: `requires "${name}", which is not defined`, pending: false };
  if (isSatisfied(record)) return null;
  return { reason: `requires "${name}", which ${wordsOf(record)}`, pending: isPending(record) };
}

/** true: it is about to make way; false: it may run for ever, if what is started needs it as well. */
function isLeaving({ state, held, want }: ServiceRecord): boolean {
  return state.tag !== "stuck" && (want === "down" || held !== null || isEnding(state));
}

/** true: it is about to be up, or to fail to be. */
function isPending({ state, held, want }: ServiceRecord): boolean {
  if (held !== null) return want === "up" && held !== "stop-asked";
  switch (state.tag) {
    case "preparing":
    case "launching":
    case "execing":
    case "starting":
    case "naming":
      return true;
    case "waiting":
      return state.pending;
    case "leaving":
    case "stopping":
    case "sweeping":
    case "cleaning":
      return want === "up";
    case "down":
    case "up":
    case "stuck":
    case "backoff":
    case "done":
    case "failed":
      return false;
    default:
      return unreachable(state);
  }
}

/** Begins what is said of a requirement that itself waits, and not just for a moment. */
const DEEPER = "is waiting: ";

/**
 * While a chain starts, each step of it would change what all that come after it say; so what they wait for in the end is told
 * only if it lasts.
 */
function isLasting({ reason, pending }: { readonly reason: string; readonly pending: boolean }): boolean {
  return reason !== "" && !pending;
}

/** However long the chain, its beginning and its end are told. */
function innermostOf(reason: string): string {
  const deeper = reason.lastIndexOf(DEEPER);
  return deeper === -1 ? reason : reason.slice(deeper + DEEPER.length);
}

function wordsOf({ state, held, wantedByHand }: ServiceRecord): string {
  if (held !== null) return "is being stopped";
  switch (state.tag) {
    case "down":
      return state.why === "condition" ? `is down: ${state.reason}` : wantedByHand ? "was stopped by hand" : "is down";
    case "waiting":
      return isLasting(state) ? `${DEEPER}${innermostOf(state.reason)}` : "is waiting";
    case "backoff":
      return `is tried again: ${state.reason}`;
    case "failed":
      return `has failed: ${state.reason}`;
    case "stuck":
      return "cannot be killed";
    case "done":
      return "has ended";
    case "up":
      return "is up";
    case "preparing":
    case "launching":
    case "execing":
    case "starting":
    case "naming":
      return "is starting";
    case "leaving":
    case "stopping":
    case "sweeping":
    case "cleaning":
      return "is being stopped";
    default:
      return unreachable(state);
  }
}
