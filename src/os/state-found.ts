import type { ChildWord, StateRecord } from "./state-record.ts";

/** The process that a dead predecessor has left for a service, as far as it was noted. */
export type FoundProcess =
  /** There is none, and there was none: a child that had not yet written its pid never executes, nor one that did not go on. */
  | { readonly tag: "none" }
  /** Alive if a process of this number has this start time. */
  | { readonly tag: "running"; readonly pid: number; readonly startTicks: number; readonly invocationId: string }
  /** Alive if a process of this number has started in this window (both ends included); null: until now. */
  | {
      readonly tag: "candidate";
      readonly pid: number;
      readonly fromTicks: number;
      readonly toTicks: number | null;
      readonly invocationId: string;
    };

/** The kernel shows start times in hundredths of a second on both of our architectures. */
const NANOSECONDS_PER_TICK = 1e7;

/** What a record and the words that its child wrote say together. */
export function findProcess(record: StateRecord, child: ChildWord): FoundProcess {
  const { invocationId, pid, startTicks } = record;
  if (record.phase === "running") return { tag: "running", pid, startTicks, invocationId };
  if (record.phase !== "intent" || child.pid === 0) return { tag: "none" };
  const toTicks = child.timeNs === 0 ? null : ticksOf(child.timeNs);
  return { tag: "candidate", pid: child.pid, fromTicks: ticksOf(record.intentNs), toTicks, invocationId };
}

/** Whether the process of that number, which started at `startTicks`, is the one that was found in the record. */
export function isFoundProcess(found: FoundProcess, startTicks: number): boolean {
  switch (found.tag) {
    case "none":
      return false;
    case "running":
      return startTicks === found.startTicks;
    case "candidate":
      return startTicks >= found.fromTicks && startTicks <= (found.toTicks ?? Number.POSITIVE_INFINITY);
  }
}

function ticksOf(nanoseconds: number): number {
  return Math.floor(nanoseconds / NANOSECONDS_PER_TICK);
}
