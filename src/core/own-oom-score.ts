/*
 * How the kernel is to think of our own processes when the machine is short of memory: it kills whoever has the highest score. Without
 * the guardian nobody would start the supervisor again; and for services it does not matter which of them is the biggest.
 */

/** It takes little memory, and is never killed. */
const NEVER = -1_000;
/** Killed only when nothing else is left. */
const HARDLY_EVER = -900;

/** The score that a process of ours is to have whose score is `usual`; null: it stays as it is, somebody has protected it better. */
export function ownOomScoreOf(process: "guardian" | "supervisor", usual: number): number | null {
  const score = process === "guardian" ? NEVER : HARDLY_EVER;
  return usual <= score ? null : score;
}
