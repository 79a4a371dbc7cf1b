/*
 * Standard output and standard error. Through the C library, as the runtime's own file functions take a command a millisecond
 * to load, and its streams, which know of terminals, eight. Where the runtime may not compile (MemoryDenyWriteExecute), it
 * cannot call foreign functions either, and those have to do.
 */
import { type CommandLibc, errnoOf, loadCommandLibc } from "./command-libc.ts";

export type WriteResult =
  { readonly tag: "written"; readonly count: number } | { readonly tag: "failed"; readonly errno: string };

export interface StandardOutput {
  readonly isTerminal: boolean;
  /** Of the terminal as it is now, in cells; null: it is none, or does not know. */
  size(): { readonly columns: number; readonly rows: number } | null;
  /** Writes some of it; blocks as the descriptor does. */
  write(bytes: Uint8Array): WriteResult;
}

export function openStandardOutput(descriptor: 1 | 2): StandardOutput {
  const libc = loadCommandLibc();
  return libc === null ? throughRuntime(descriptor) : throughLibc(libc, descriptor);
}

/** ioctl_tty(2); the same on every architecture that we run on. */
const TIOCGWINSZ = 0x5413;

function throughLibc(libc: CommandLibc, descriptor: number): StandardOutput {
  return {
    isTerminal: libc.isatty(descriptor) === 1,
    size() {
      // struct winsize: rows, columns, and both in pixels
      const size = new Uint16Array(4);
      if (libc.ioctl(descriptor, TIOCGWINSZ, size) !== 0) return null;
      const [rows = 0, columns = 0] = size;
      return rows === 0 || columns === 0 ? null : { columns, rows };
    },
    write(bytes) {
      const count = Number(libc.write(descriptor, bytes, bytes.length));
      return count >= 0 ? { tag: "written", count } : { tag: "failed", errno: errnoOf(libc) };
    },
  };
}

function throughRuntime(descriptor: 1 | 2): StandardOutput {
  const { writeSync } = require("node:fs") as typeof import("node:fs");
  const stream = descriptor === 1 ? process.stdout : process.stderr;
  return {
    isTerminal: stream.isTTY === true,
    size: () => (stream.isTTY === true ? { columns: stream.columns, rows: stream.rows } : null),
    write(bytes) {
      try {
        return { tag: "written", count: writeSync(descriptor, bytes) };
      } catch (error) {
        return { tag: "failed", errno: error instanceof Error && "code" in error ? String(error.code) : String(error) };
      }
    },
  };
}
