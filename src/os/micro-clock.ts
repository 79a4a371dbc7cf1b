import { dlopen, ptr } from "bun:ffi";

const libc = dlopen("libc.so.6", {
  // int clock_gettime(clockid_t clockid, struct timespec *tp);
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
} as const);

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;

/** struct timespec: seconds and nanoseconds, 64 bits each; of the latter only the lower half is ever used. */
const time = new Int32Array(4);

/** Microseconds since 1970 on the wall clock (exact until the year 2255). */
export function microsNow(): number {
  return readClock(CLOCK_REALTIME);
}

/** Microseconds of CLOCK_MONOTONIC, as managers compare them; the runtime's own clocks begin with the process. */
export function monotonicMicros(): number {
  return readClock(CLOCK_MONOTONIC);
}

function readClock(clock: number): number {
  libc.symbols.clock_gettime(clock, ptr(time));
  const seconds = (time[1] ?? 0) * 2 ** 32 + ((time[0] ?? 0) >>> 0);
  return seconds * 1_000_000 + Math.floor((time[2] ?? 0) / 1000);
}
