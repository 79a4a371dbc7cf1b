/* What became of the start of the supervisor, as its launcher is told. */
import type { Fleet } from "../core/fleet.ts";
import { type ServiceRecord, messageOf } from "../core/service-record.ts";
import { PUBLIC_STATE_OF } from "../core/service-state.ts";

/** The wanted services that the start still waits for, each with what it waits for. */
export function undecidedOf(fleet: Fleet): readonly string[] {
  return [...fleet.records()]
    .filter(isUndecided)
    .map((record) => `${record.definition.name} (${messageOf(record) ?? PUBLIC_STATE_OF[record.state.tag]})`);
}

/** The wanted services that could not be started, each with the reason. */
export function troubledOf(fleet: Fleet): readonly string[] {
  return [...fleet.records()].flatMap((record) => {
    const state = PUBLIC_STATE_OF[record.state.tag];
    if (record.want === "down" || (state !== "failed" && state !== "backoff")) return [];
    return [`${record.definition.name}: ${state}: ${messageOf(record) ?? ""}`];
  });
}

/** true: the start has to wait for what becomes of this service. */
export function isUndecided(record: ServiceRecord): boolean {
  if (record.removed || record.want === "down") return false;
  const { state } = record;
  const { tag } = state;
  if (tag === "down") return state.why === "never-started";
  // A run of it is over already, unless it is what a predecessor left.
  if (tag === "cleaning") return state.afterwards.tag === "enable" || state.afterwards.tag === "start-anew";
  if (tag === "preparing") return state.doing !== "hook";
  return tag === "launching" || tag === "execing" || PUBLIC_STATE_OF[tag] === "stopping";
}
