/*
 * Which lines are those of one run. A line that tells its process belongs to the run of that process, also when it was written
 * long after the next run began. Any other belongs to it by its time: the time at which it was read, a moment after it was
 * written, while the time of a run is noted a moment after it began.
 */
import type { LogRecord } from "./log-record.ts";
import type { RunToRead } from "./read-request.ts";

/** How much later the beginning of a run may be noted than its first line is read, in microseconds. */
const NOTED_LATER = 20_000;
/** Process numbers are used again: lines that tell theirs are looked for this far before and after the run. */
const LOOK_BEFORE = 1_000_000;
const LOOK_AFTER = 3_600_000_000;

/** Where its lines are looked for. */
export function windowOfRun(run: RunToRead | null): { readonly since: number | null; readonly until: number | null } {
  if (run === null) return { since: null, until: null };
  return { since: run.began - LOOK_BEFORE, until: run.nextBegan === null ? null : run.nextBegan + LOOK_AFTER };
}

export function isOfRun({ at, pid }: Pick<LogRecord, "at" | "pid">, run: RunToRead | null): boolean {
  if (run === null) return true;
  if (pid !== null) return pid === run.pid;
  if (at < seamOf(run.endedBefore, run.began)) return false;
  return run.nextBegan === null || at < seamOf(run.ended, run.nextBegan);
}

/** From when on lines are those of the later of two runs. */
function seamOf(ended: number | null, began: number): number {
  return Math.max(ended ?? Number.NEGATIVE_INFINITY, began - NOTED_LATER);
}
