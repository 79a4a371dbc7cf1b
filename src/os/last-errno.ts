import { dlopen, read } from "bun:ffi";
import { constants } from "node:os";

const libc = dlopen("libc.so.6", {
  // int *__errno_location(void);
  __errno_location: { args: [], returns: "ptr" },
} as const);

// Some numbers have two names, and the usual one comes first: EAGAIN before EWOULDBLOCK.
const NAMES = new Map(
  Object.entries(constants.errno)
    .map(([name, number]) => [number, name] as const)
    .toReversed(),
);

/** The name of this thread's errno, such as "ENOENT". Only right directly after a libc call that failed. */
export function lastErrno(): string {
  const location = libc.symbols.__errno_location();
  if (location === null) return "errno unknown";
  const number = read.i32(location, 0);
  return NAMES.get(number) ?? `errno ${number}`;
}
