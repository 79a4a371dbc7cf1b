/*
 * A crash loop would fill the history with the same words. Of runs that end the same way one after the other, each started
 * by itself, the first and the last are kept, and those between are counted. The same holds for whatever else repeats itself.
 */
import type { EventEntry, RunEntry } from "./history.ts";

/** What of a run decides whether the next one is more of the same. */
export type RunLikeness = Pick<RunEntry, "service" | "restarts"> & {
  readonly end: Pick<NonNullable<RunEntry["end"]>, "cause" | "reason"> | null;
};

/** true: the run ended as the one right before it did, and was started by itself after that one. */
export function repeatsRun(earlier: RunLikeness, later: RunLikeness): boolean {
  if (earlier.end === null || later.end === null || earlier.service !== later.service) return false;
  if (later.restarts === 0 || later.restarts <= earlier.restarts) return false;
  return later.end.cause !== "stop" && later.end.cause === earlier.end.cause && later.end.reason === earlier.end.reason;
}

/** `middle` stands between two runs that ended as it did: the last one of them, and what it takes over. */
export function mergeRuns(middle: Pick<RunEntry, "run" | "merged" | "firstMerged" | "end">, last: RunEntry): RunEntry {
  const merged = last.merged + middle.merged + 1;
  const firstMerged = middle.firstMerged ?? middle.run;
  const [before, report] = [middle.end?.report ?? null, last.end?.report ?? null];
  const mayTakeLines = last.end !== null && report !== null && report.lines === null && before?.lines != null;
  if (!mayTakeLines) return { ...last, merged, firstMerged };
  return {
    ...last,
    merged,
    firstMerged,
    end: { ...last.end, report: { ...report, lines: before.lines, areLinesOlder: true } },
  };
}

/** true: the very same has happened again. */
export function repeatsEvent(
  earlier: Pick<EventEntry, "service" | "event" | "message">,
  later: Pick<EventEntry, "service" | "event" | "message">,
): boolean {
  return earlier.service === later.service && earlier.event === later.event && earlier.message === later.message;
}
