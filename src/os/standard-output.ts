/*
 * Standard output and standard error. Through the C library, as the runtime's own file functions take a command a millisecond
 * to load, and its streams, which know of terminals, eight. Where the runtime may not compile (MemoryDenyWriteExecute), it
 * cannot call foreign functions either, and those have to do.
 */
import { type Pointer, dlopen, read } from "bun:ffi";

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
  const libc = loadLibc();
  return libc === null ? throughRuntime(descriptor) : throughLibc(libc, descriptor);
}

function openLibc() {
  return dlopen("libc.so.6", {
    // ssize_t write(int fd, const void *buf, size_t count);
    write: { args: ["i32", "ptr", "u64"], returns: "i64" },
    // int isatty(int fd);
    isatty: { args: ["i32"], returns: "i32" },
    // int ioctl(int fd, unsigned long request, ...);  with the address of a struct
    ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
    // int *__errno_location(void);
    __errno_location: { args: [], returns: "ptr" },
  } as const).symbols;
}

type Libc = ReturnType<typeof openLibc>;
let loaded: Libc | null | undefined;

/** null: the runtime cannot call foreign functions. */
function loadLibc(): Libc | null {
  if (loaded !== undefined) return loaded;
  try {
    loaded = openLibc();
  } catch {
    loaded = null;
  }
  return loaded;
}

/** ioctl_tty(2); the same on every architecture that we run on. */
const TIOCGWINSZ = 0x5413;

function throughLibc(libc: Libc, descriptor: number): StandardOutput {
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
      if (count >= 0) return { tag: "written", count };
      const errno = read.i32(libc.__errno_location() as Pointer, 0);
      // Loaded where something fails: whatever is loaded may change errno, so not before that is read.
      const { errnoNameOf } = require("./errno-names.ts") as typeof import("./errno-names.ts");
      return { tag: "failed", errno: errnoNameOf(errno) };
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
