import { dlopen, FFIType, ptr } from "bun:ffi";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int eventfd(unsigned int initval, int flags);
  eventfd: { args: ["u32", "i32"], returns: "i32" },
  // ssize_t read(int fd, void *buf, size_t count);
  read: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  // ssize_t write(int fd, const void *buf, size_t count);
  write: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
} as const);

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

/** A counter that wakes whoever waits for it to be readable; non-blocking, close-on-exec. */
export function openEventfd(): number {
  const fd = libc.symbols.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw new Error(`cannot make an eventfd: ${lastErrno()}`);
  return fd;
}

/** Adds one to the counter. */
export function addToEventfd(fd: number): void {
  const one = new BigUint64Array([1n]);
  libc.symbols.write(fd, ptr(one), 8);
}

/** What was added since the last call; 0 if nothing was. */
export function takeFromEventfd(fd: number): number {
  const value = new BigUint64Array(1);
  return Number(libc.symbols.read(fd, ptr(value), 8)) === 8 ? Number(value[0]) : 0;
}
