import { dlopen } from "bun:ffi";
import { closeSync, openSync } from "node:fs";
import { readDescriptorLimit } from "./descriptor-limit.ts";

const libc = dlopen("libc.so.6", {
  // int fcntl(int fd, int cmd, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
} as const);

const F_DUPFD_CLOEXEC = 1030;

/**
 * Takes the descriptors below this number, for as long as this process lives; fewer where there are not twice as many in all.
 * They are close-on-exec.
 */
export function reserveNumbers(below: number): void {
  const end = Math.min(below, Math.floor(readDescriptorLimit() / 2));
  try {
    while (openSync("/dev/null", "r") < end - 1) {
      // The next one.
    }
  } catch {
    // What is not left cannot be taken.
  }
}

/**
 * Children of a `Spawner` begin with copies of all descriptors below this number, and close them. A file system that does not
 * answer holds up each close of a file of its own, as that of FUSE does, and with it the start of any service.
 */
export const FIRST_UNCOPIED = 64;

/** The descriptor under a number that no child copies, close-on-exec; the same one if there is none left. */
export function raiseNumber(fd: number): number {
  if (fd >= FIRST_UNCOPIED) return fd;
  const raised = libc.symbols.fcntl(fd, F_DUPFD_CLOEXEC, FIRST_UNCOPIED);
  if (raised < 0) return fd;
  closeSync(fd);
  return raised;
}

/** Opens a file under a number that no child copies, close-on-exec; throws as `openSync` does. */
export function openUncopied(path: string, flags: number, mode?: number): number {
  return raiseNumber(openSync(path, flags, mode));
}

/** Takes so many numbers, the lowest that are free from `first` on, as duplicates of `fd`, until the returned function is called. */
export function holdNumbers(fd: number, first: number, count: number): () => void {
  const held: number[] = [];
  while (held.length < count) {
    const number = libc.symbols.fcntl(fd, F_DUPFD_CLOEXEC, first);
    if (number < 0) break;
    held.push(number);
  }
  return () => {
    for (const number of held.splice(0)) closeSync(number);
  };
}

/** true if so many descriptors can be had at this moment. */
export function hasRoomFor(count: number): boolean {
  const held: number[] = [];
  while (held.length < count) {
    const number = libc.symbols.fcntl(0, F_DUPFD_CLOEXEC, 0);
    if (number < 0) break;
    held.push(number);
  }
  for (const number of held) closeSync(number);
  return held.length === count;
}
