/*
 * Tells when the wall clock was set, or the machine has slept: a timer of timerfd_create(2) on CLOCK_REALTIME that is never
 * due, with TFD_TIMER_CANCEL_ON_SET. Until then nothing wakes up.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int timerfd_create(int clockid, int flags);
  timerfd_create: { args: ["i32", "i32"], returns: "i32" },
  // int timerfd_settime(int fd, int flags, const struct itimerspec *new_value, struct itimerspec *old_value);
  timerfd_settime: { args: ["i32", "i32", "ptr", "ptr"], returns: "i32" },
  // ssize_t read(int fd, void *buf, size_t count);
  read: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  // int close(int fd);
  close: { args: ["i32"], returns: "i32" },
} as const);

const CLOCK_REALTIME = 0;
const TFD_CLOEXEC = 0o2000000;
const TFD_NONBLOCK = 0o4000;
const TFD_TIMER_ABSTIME = 1;
const TFD_TIMER_CANCEL_ON_SET = 2;
/** The kernel takes a time as far as that for one that never comes. */
const NEVER = 2n ** 63n - 1n;

export interface WallClockWatch {
  /** Readable from a change of the clock until `take`; non-blocking, close-on-exec. */
  readonly fd: number;
  /** true if the clock was set since the last call, or the machine has slept. */
  take(): boolean;
  close(): void;
}

export type WallClockWatchResult =
  { readonly tag: "opened"; readonly watch: WallClockWatch } | { readonly tag: "failed"; readonly errno: string };

export function openWallClockWatch(): WallClockWatchResult {
  const fd = libc.symbols.timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd < 0) return { tag: "failed", errno: lastErrno() };
  // struct itimerspec: interval, then value, each in seconds and nanoseconds.
  const never = new BigInt64Array([0n, 0n, NEVER, 0n]);
  const flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  if (libc.symbols.timerfd_settime(fd, flags, ptr(never), null) !== 0) {
    const errno = lastErrno();
    libc.symbols.close(fd);
    return { tag: "failed", errno };
  }
  return { tag: "opened", watch: { fd, take: () => wasSet(fd), close: () => void libc.symbols.close(fd) } };
}

/** The timer stays armed for the next change. */
function wasSet(fd: number): boolean {
  const expirations = new BigUint64Array(1);
  return Number(libc.symbols.read(fd, ptr(expirations), 8)) < 0 && lastErrno() === "ECANCELED";
}
