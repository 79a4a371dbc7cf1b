import { dlopen } from "bun:ffi";
import { readFileSync } from "node:fs";

const libc = dlopen("libc.so.6", {
  // int fcntl(int fd, int cmd, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
} as const);

const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;

/** Gives the pipe room for about `bytes`; what it has room for then, which is what it had if the kernel refuses. */
export function resizePipe(fd: number, bytes: number): number {
  libc.symbols.fcntl(fd, F_SETPIPE_SZ, bytes);
  return sizeOfPipe(fd);
}

/** Bytes that the pipe has room for. */
export function sizeOfPipe(fd: number): number {
  return libc.symbols.fcntl(fd, F_GETPIPE_SZ, 0);
}

const PAGE = 4096;
const MOST = 64 * 1024 * 1024;

/**
 * Bytes by which pipes may be made larger than they are at first. Beyond a limit for all pipes of a user that is not root
 * (pipe-user-pages-soft) new ones have only two pages, so of that we take the eighth part.
 */
export function pipeBudget(): number {
  if (process.geteuid?.() === 0) return MOST;
  const pages = softLimit();
  return pages === 0 ? MOST : Math.min(MOST, (pages * PAGE) / 8);
}

/** In pages; 0: there is none. */
function softLimit(): number {
  try {
    return Number(readFileSync("/proc/sys/fs/pipe-user-pages-soft", "latin1"));
  } catch {
    return 16_384;
  }
}
