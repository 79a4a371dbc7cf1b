import type { EventEntry, RunEnd, RunEntry } from "../../src/core/history.ts";
import { type WallTime, millis } from "../../src/core/units.ts";

/** 2026-01-01, and so many seconds. */
export function second(count: number): WallTime {
  return (Date.UTC(2026, 0, 1) + count * 1000) as WallTime;
}

/** The nth run of a supervisor: it begins in second n and crashes half a second later, unless `changes` say otherwise. */
export function runOf(run: number, changes: Partial<RunEntry> = {}): RunEntry {
  const began = second(run);
  const end = endOf({ at: (began + 500) as WallTime });
  const what = { service: "web", pid: 1000 + run, because: "restarted", restarts: run - 1, end };
  return { tag: "run", run, session: null, began, merged: 0, firstMerged: null, ...what, ...changes };
}

export function endOf(changes: Partial<RunEnd> = {}): RunEnd {
  const report = { lines: [], areLinesOlder: false, own: [] };
  const how = { cause: "crash", exit: { tag: "code", code: 1 }, reason: "exited 1", because: null } as const;
  return { at: second(1), ran: millis(500), ...how, usage: null, report, ...changes };
}

export function eventOf(number: number, changes: Partial<EventEntry> = {}): EventEntry {
  const what = { service: null, event: "reload", message: "1 added", merged: 0 } as const;
  return { tag: "event", number, at: second(number), ...what, ...changes };
}
