import type { Instant, WallTime } from "../core/units.ts";
import { monotonicMicros } from "./micro-clock.ts";

/** What the runtime's clock, which begins with the process, is behind the machine's. */
const BEGAN = monotonicMicros() / 1000 - performance.now();

/**
 * The monotonic clock: does not jump when the time of day is set, and stands still while the machine is suspended. It means the
 * same in every process of one boot, so that a successor goes on with the deadlines of its predecessor.
 */
export function monotonicNow(): Instant {
  return (BEGAN + performance.now()) as Instant;
}

export function wallNow(): WallTime {
  return Date.now() as WallTime;
}
