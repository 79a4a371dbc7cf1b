import { FFIType, dlopen } from "bun:ffi";
import { fstatSync } from "node:fs";

const libc = dlopen("libc.so.6", {
  // long syscall(long number, ...);  kcmp(2): pid1, pid2, type, idx1, idx2
  syscall: { args: ["i32", "i32", "i32", "i32", "i32", "i32"], returns: FFIType.i64_fast },
  // int fcntl(int fd, int cmd, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
} as const);

const SYS_KCMP = process.arch === "x64" ? 312 : 272;
const KCMP_FILE = 0;
const F_GETFL = 3;

/**
 * true if two descriptors of this process are duplicates of each other (dup(2), SCM_RIGHTS). Where the kernel does not tell
 * (containers forbid kcmp), two with the same inode and the same flags count as such.
 */
export function isSameOpenFile(left: number, right: number): boolean {
  const order = Number(libc.symbols.syscall(SYS_KCMP, process.pid, process.pid, KCMP_FILE, left, right));
  return order >= 0 ? order === 0 : isAlike(left, right);
}

/** Exported for its test, which the machine may not lead there by itself. */
export function isAlike(left: number, right: number): boolean {
  const [one, other] = [fstatSync(left, { bigint: true }), fstatSync(right, { bigint: true })];
  if (one.dev !== other.dev || one.ino !== other.ino || one.rdev !== other.rdev) return false;
  // The two ends of a pipe are one inode.
  return libc.symbols.fcntl(left, F_GETFL, 0) === libc.symbols.fcntl(right, F_GETFL, 0);
}
