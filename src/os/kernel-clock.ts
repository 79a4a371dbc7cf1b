import { dlopen, ptr } from "bun:ffi";

const libc = dlopen("libc.so.6", {
  // int clock_gettime(clockid_t clockid, struct timespec *tp);
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
} as const);

const CLOCK_MONOTONIC = 1;

/** CLOCK_MONOTONIC in microseconds, which other processes read as well; the runtime's own clock begins with the process. */
export function kernelMicros(): number {
  const time = new BigInt64Array(2);
  libc.symbols.clock_gettime(CLOCK_MONOTONIC, ptr(time));
  return Number(time[0]) * 1_000_000 + Math.floor(Number(time[1]) / 1000);
}
