import { dlopen, FFIType, ptr, type Pointer } from "bun:ffi";
import { lastErrno } from "./last-errno.ts";
import { openBlockingPipe, type PipeResult } from "./pipe-io.ts";

const libc = dlopen("libc.so.6", {
  // ssize_t write(int fd, const void *buf, size_t count);
  write: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  // int fcntl(int fd, int cmd, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
} as const);

const F_SETFL = 4;
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

export type PipeWrite =
  | { readonly tag: "written"; readonly count: number }
  /** There is no room now. */
  | { readonly tag: "full" }
  | { readonly tag: "failed"; readonly errno: string };

/** Writes what there is room for of the bytes from `start` on. */
export function writePipe(fd: number, bytes: Uint8Array, start: number): PipeWrite {
  const count = Number(libc.symbols.write(fd, (ptr(bytes) + start) as Pointer, bytes.length - start));
  if (count >= 0) return { tag: "written", count };
  const errno = lastErrno();
  return errno === "EAGAIN" || errno === "EINTR" ? { tag: "full" } : { tag: "failed", errno };
}
