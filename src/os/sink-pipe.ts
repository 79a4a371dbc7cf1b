import { dlopen, FFIType, ptr, type Pointer } from "bun:ffi";
import { lastErrno } from "./last-errno.ts";
import { openBlockingPipe, type PipeResult } from "./pipe-io.ts";

const libc = dlopen("libc.so.6", {
  // ssize_t write(int fd, const void *buf, size_t count);
  write: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  // int fcntl(int fd, int cmd, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int ioctl(int fd, unsigned long request, int *argp);
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
} as const);

const F_SETFL = 4;
const F_SETSIG = 10;
const F_GETSIG = 11;
const F_GETPIPE_SZ = 1032;
const FIONREAD = 0x541b;
/** A write of so many bytes happens as a whole or not at all (pipe(7)). */
const PIPE_BUF = 4096;
const O_NONBLOCK = 0o4000;

/** A pipe for the standard input of a service: both ends close-on-exec; only the writer's end does not block. */
export function openSinkPipe(): PipeResult {
  const opened = openBlockingPipe();
  if (opened.tag === "ok") stopBlocking(opened.ends.write);
  return opened;
}

/** A write to this end of a pipe, which nobody else has open, never waits from now on. */
export function stopBlocking(fd: number): void {
  libc.symbols.fcntl(fd, F_SETFL, O_NONBLOCK);
}

interface Stretch {
  readonly start: number;
  readonly end: number;
}

export type PipeWrite =
  | { readonly tag: "written"; readonly count: number }
  /** There is no room now. */
  | { readonly tag: "full" }
  | { readonly tag: "failed"; readonly errno: string };

/** Writes what there is room for of these bytes. */
export function writePipe(fd: number, bytes: Uint8Array, { start, end }: Stretch): PipeWrite {
  const count = Number(libc.symbols.write(fd, (ptr(bytes) + start) as Pointer, end - start));
  if (count >= 0) return { tag: "written", count };
  const errno = lastErrno();
  return errno === "EAGAIN" || errno === "EINTR" ? { tag: "full" } : { tag: "failed", errno };
}

/** So many bytes at once are taken as a whole, or none of them: if nobody else writes, as many as an empty pipe has room for. */
export function takenWhole(fd: number): number {
  const waiting = new Int32Array([1]);
  const isEmpty = libc.symbols.ioctl(fd, FIONREAD, ptr(waiting)) === 0 && waiting[0] === 0;
  return isEmpty ? Math.max(PIPE_BUF, libc.symbols.fcntl(fd, F_GETPIPE_SZ, 0)) : PIPE_BUF;
}

/**
 * Notes at the pipe itself that what was written last is to be gone on with, or that it is complete: whoever has this end after us
 * can read it. The number of a signal that is never sent is a place for that.
 */
export function markTorn(fd: number, isTorn: boolean): void {
  libc.symbols.fcntl(fd, F_SETSIG, isTorn ? TORN : 0);
}

/** true: whoever wrote there last was in the middle of something. */
export function isMarkedTorn(fd: number): boolean {
  return libc.symbols.fcntl(fd, F_GETSIG, 0) === TORN;
}

/** SIGURG: were it ever sent, it would do nothing. */
const TORN = 23;
