import { dlopen, ptr } from "bun:ffi";

const libc = dlopen("libc.so.6", {
  // int clock_gettime(clockid_t clockid, struct timespec *tp);
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
} as const);

const CLOCK_REALTIME = 0;

/** struct timespec: seconds and nanoseconds, 64 bits each; of the latter only the lower half is ever used. */
const time = new Int32Array(4);

/** Microseconds since 1970 on the wall clock (exact until the year 2255). */
export function microsNow(): number {
  libc.symbols.clock_gettime(CLOCK_REALTIME, ptr(time));
  const seconds = (time[1] ?? 0) * 2 ** 32 + ((time[0] ?? 0) >>> 0);
  return seconds * 1_000_000 + Math.floor((time[2] ?? 0) / 1000);
}
