import type { Instant, WallTime } from "../core/units.ts";

/** The monotonic clock: does not jump when the time of day is set, and stands still while the machine is suspended. */
export function monotonicNow(): Instant {
  return performance.now() as Instant;
}

export function wallNow(): WallTime {
  return Date.now() as WallTime;
}
