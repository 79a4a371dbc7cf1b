import { dlopen, read } from "bun:ffi";
import { errnoNameOf } from "./errno-names.ts";

const libc = dlopen("libc.so.6", {
  // int *__errno_location(void);
  __errno_location: { args: [], returns: "ptr" },
} as const);

/** The name of this thread's errno, such as "ENOENT". Only right directly after a libc call that failed. */
export function lastErrno(): string {
  const location = libc.symbols.__errno_location();
  if (location === null) return "errno unknown";
  return errnoNameOf(read.i32(location, 0));
}
