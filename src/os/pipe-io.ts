import { dlopen, FFIType, ptr, type Pointer } from "bun:ffi";
import { closeSync } from "node:fs";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int pipe2(int pipefd[2], int flags);
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  // ssize_t read(int fd, void *buf, size_t count);
  read: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  // int ioctl(int fd, unsigned long request, int *argp);
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  // int fcntl(int fd, int cmd, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
} as const);

const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const FIONREAD = 0x541b;

export interface PipeEnds {
  /** Non-blocking, unless it was asked for otherwise. */
  readonly read: number;
  /** Blocking, as a program expects of its standard output. */
  readonly write: number;
}

export type PipeResult =
  { readonly tag: "ok"; readonly ends: PipeEnds } | { readonly tag: "failed"; readonly errno: string };

/** A pipe for the output of one run: both ends close-on-exec; only the reader's end does not block. */
export function openLogPipe(): PipeResult {
  const opened = openBlockingPipe();
  if (opened.tag === "ok") libc.symbols.fcntl(opened.ends.read, F_SETFL, O_NONBLOCK);
  return opened;
}

/** A pipe of which neither end is non-blocking; both are close-on-exec. */
export function openBlockingPipe(): PipeResult {
  const fds = new Int32Array(2);
  if (libc.symbols.pipe2(ptr(fds), O_CLOEXEC) !== 0) return { tag: "failed", errno: lastErrno() };
  return { tag: "ok", ends: { read: fds[0] ?? -1, write: fds[1] ?? -1 } };
}

/**
 * true if there are about so many numbers left above this descriptor, which was opened just now and so has the lowest that
 * was free. It changes nothing.
 */
export function hasRoomAbove(fd: number, count: number): boolean {
  const probe = libc.symbols.fcntl(fd, F_DUPFD_CLOEXEC, fd + count);
  if (probe >= 0) closeDescriptor(probe);
  return probe >= 0;
}

export type ReadResult =
  | { readonly tag: "read"; readonly count: number }
  /** Nothing there now. */
  | { readonly tag: "empty" }
  /** No writer is left and nothing is there. */
  | { readonly tag: "ended" }
  | { readonly tag: "failed"; readonly errno: string };

const EMPTY: ReadResult = { tag: "empty" };
const ENDED: ReadResult = { tag: "ended" };

/** Reads at most `most` bytes into `buffer` from `offset` on. */
export function readPipe(
  fd: number,
  buffer: Uint8Array,
  room: { readonly offset: number; readonly most: number },
): ReadResult {
  const address = (ptr(buffer) + room.offset) as Pointer;
  const count = Number(libc.symbols.read(fd, address, Math.min(room.most, buffer.length - room.offset)));
  if (count > 0) return { tag: "read", count };
  if (count === 0) return ENDED;
  const errno = lastErrno();
  return errno === "EAGAIN" || errno === "EINTR" ? EMPTY : { tag: "failed", errno };
}

/** Bytes that wait in the pipe now. */
export function waitingInPipe(fd: number): number {
  const count = new Int32Array(1);
  return libc.symbols.ioctl(fd, FIONREAD, ptr(count)) === 0 ? (count[0] ?? 0) : 0;
}

/** Closes a descriptor; one that is closed already is none of the caller's concern. */
export function closeDescriptor(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // EBADF or a late write error of the file system: the number is free either way.
  }
}
