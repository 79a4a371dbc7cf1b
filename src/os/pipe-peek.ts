import { dlopen, FFIType } from "bun:ffi";
import { lastErrno } from "./last-errno.ts";
import { openBlockingPipe, type PipeEnds, readPipe, type ReadResult } from "./pipe-io.ts";
import { resizePipe } from "./pipe-size.ts";

const libc = dlopen("libc.so.6", {
  // ssize_t tee(int fd_in, int fd_out, size_t len, unsigned int flags);
  tee: { args: ["i32", "i32", "u64", "u32"], returns: FFIType.i64_fast },
} as const);

const SPLICE_F_NONBLOCK = 2;
/** What an unprivileged process may have at most, unless /proc/sys/fs/pipe-max-size was changed. */
const LARGEST = 1024 * 1024;

/** A pipe that is as large as the machine allows, for what passes through this process. Throws without a descriptor. */
export function openLargePipe(): PipeEnds {
  const opened = openBlockingPipe();
  if (opened.tag === "failed") throw new Error(`cannot make a pipe: ${opened.errno}`);
  resizePipe(opened.ends.write, LARGEST);
  return opened.ends;
}

/** Looks at what waits in pipes without taking it, and takes what was looked at. */
export class PipePeeker {
  readonly #scratch: PipeEnds;

  /** `scratch`, large, holds what is looked at. */
  constructor(scratch: PipeEnds) {
    this.#scratch = scratch;
  }

  /** Copies what is at the front of the pipe into `buffer` from `offset` on, at most `most` bytes. It stays in the pipe. */
  peek(fd: number, buffer: Uint8Array, room: { readonly offset: number; readonly most: number }): ReadResult {
    const most = Math.min(room.most, buffer.length - room.offset);
    const seen = Number(libc.symbols.tee(fd, this.#scratch.write, most, SPLICE_F_NONBLOCK));
    if (seen === 0) return { tag: "ended" };
    if (seen < 0) {
      const errno = lastErrno();
      return errno === "EAGAIN" || errno === "EINTR" ? { tag: "empty" } : { tag: "failed", errno };
    }
    for (let done = 0; done < seen;) {
      const read = readPipe(this.#scratch.read, buffer, { offset: room.offset + done, most: seen - done });
      if (read.tag === "read") done += read.count;
      else if (read.tag !== "empty") throw new Error(`internal error: cannot read what was looked at: ${read.tag}`);
    }
    return { tag: "read", count: seen };
  }

  /** Takes what there is room for, with a single call, all of which happens or nothing. */
  take(fd: number, room: Uint8Array): void {
    const read = readPipe(fd, room, { offset: 0, most: room.length });
    if (read.tag === "failed") throw new Error(`internal error: cannot take what was looked at: ${read.errno}`);
  }
}
