/* Pipes with a name: whoever may open the name goes on with what is in them, as long as somebody has them open. */
import { dlopen, ptr } from "bun:ffi";
import { fstatSync, rmSync } from "node:fs";
import { lastErrno } from "./last-errno.ts";
import { closeDescriptor, type PipeResult, readPipe } from "./pipe-io.ts";

const libc = dlopen("libc.so.6", {
  // int mkfifo(const char *pathname, mode_t mode);
  mkfifo: { args: ["ptr", "u32"], returns: "i32" },
  // int open(const char *pathname, int flags);
  open: { args: ["ptr", "i32"], returns: "i32" },
} as const);

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
/** Whoever has it open as /dev/stdout, as whatever user, may open that again. Its directory keeps everybody else out. */
const MODE = 0o622;

/**
 * A pipe with this name, in a directory of our own, for the output of one run: both ends close-on-exec; only the reader's does not
 * block. The writer's end is open for reading, too, so that the pipe and what is in it outlive the reader. Whoever had a pipe of this
 * name open keeps that one.
 */
export function openLogFifo(path: string): PipeResult {
  const name = Buffer.from(`${path}\0`);
  const isNew = libc.symbols.mkfifo(ptr(name), MODE) === 0;
  let read = libc.symbols.open(ptr(name), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (read >= 0 && !isNew && !isUnused(read)) {
    closeDescriptor(read);
    rmSync(path, { force: true });
    libc.symbols.mkfifo(ptr(name), MODE);
    read = libc.symbols.open(ptr(name), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  if (read < 0) return { tag: "failed", errno: lastErrno() };
  const write = libc.symbols.open(ptr(name), O_RDWR | O_CLOEXEC);
  if (write >= 0) return { tag: "ok", ends: { read, write } };
  const errno = lastErrno();
  closeDescriptor(read);
  return { tag: "failed", errno };
}

/** The read end of the pipe that has this name, in a directory of our own; null: there is none. It tells of its end, be that past. */
export function findLogFifo(path: string): number | null {
  const name = Buffer.from(`${path}\0`);
  const fd = libc.symbols.open(ptr(name), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return null;
  // Of a pipe that had no writer when it was opened, no hang-up is ever told until it has had one.
  const writer = libc.symbols.open(ptr(name), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (writer >= 0) closeDescriptor(writer);
  return fd;
}

/** It is a pipe at its end, as nobody has it open for writing. */
function isUnused(fd: number): boolean {
  const { tag } = readPipe(fd, new Uint8Array(1), { offset: 0, most: 1 });
  return tag === "ended" && fstatSync(fd).isFIFO();
}
