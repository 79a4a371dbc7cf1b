import { dlopen, FFIType } from "bun:ffi";
import { openSync } from "node:fs";
import { lastErrno } from "./last-errno.ts";
import { openBlockingPipe, type PipeEnds, readPipe, type ReadResult, waitingInPipe } from "./pipe-io.ts";
import { resizePipe, sizeOfPipe } from "./pipe-size.ts";

const libc = dlopen("libc.so.6", {
  // ssize_t tee(int fd_in, int fd_out, size_t len, unsigned int flags);
  tee: { args: ["i32", "i32", "u64", "u32"], returns: FFIType.i64_fast },
  // ssize_t splice(int fd_in, off_t *off_in, int fd_out, off_t *off_out, size_t len, unsigned int flags);
  splice: { args: ["i32", "u64", "i32", "u64", "u64", "u32"], returns: FFIType.i64_fast },
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

/** /dev/null for writing; -1 where there is none. */
export function openNothing(): number {
  try {
    return openSync("/dev/null", "w");
  } catch {
    return -1;
  }
}

/**
 * Looks at what waits in pipes without taking it, and takes it in a way that can be counted: what is taken goes to a pipe of
 * our own, `spent`, which outlives the thread that does it. Only the end that belongs to nobody else is ever read.
 */
export class PipePeeker {
  readonly #scratch: PipeEnds;
  readonly #spent: PipeEnds;
  readonly #waste = new Uint8Array(64 * 1024);
  readonly #nothing: number;

  /** `scratch` holds what is looked at; `nothing`: what `openNothing` gave. */
  constructor(pipes: { readonly scratch: PipeEnds; readonly spent: PipeEnds }, nothing: number) {
    this.#scratch = pipes.scratch;
    this.#spent = pipes.spent;
    this.#nothing = nothing;
    resizePipe(this.#scratch.write, sizeOfPipe(this.#spent.write));
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

  /** Takes `count` bytes, which are there, out of the pipe; `taken` counts them until `forget`. */
  take(fd: number, count: number): void {
    for (let left = count; left > 0;) {
      const moved = Number(libc.symbols.splice(fd, 0, this.#spent.write, 0, left, SPLICE_F_NONBLOCK));
      if (moved <= 0) throw new Error(`internal error: cannot take what was looked at: ${moved < 0 ? lastErrno() : 0}`);
      left -= moved;
    }
  }

  /** Bytes that were taken and are not forgotten yet. */
  get taken(): number {
    return waitingInPipe(this.#spent.read);
  }

  /** Lets go of what was taken. */
  forget(): void {
    for (let left = this.taken; left > 0;) {
      const moved = Number(libc.symbols.splice(this.#spent.read, 0, this.#nothing, 0, left, SPLICE_F_NONBLOCK));
      // Where there is no /dev/null it is read.
      left -= moved > 0 ? moved : this.#readAway(left);
    }
  }

  #readAway(most: number): number {
    const read = readPipe(this.#spent.read, this.#waste, { offset: 0, most });
    if (read.tag !== "read") throw new Error(`internal error: cannot let go of what was taken: ${read.tag}`);
    return read.count;
  }
}
