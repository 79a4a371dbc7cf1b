import { dlopen } from "bun:ffi";

const libc = dlopen("libc.so.6", {
  // int setpriority(int which, id_t who, int prio);
  setpriority: { args: ["i32", "u32", "i32"], returns: "i32" },
  // long syscall(long number, int which, int who, int ioprio);
  syscall: { args: ["i64", "i32", "i32", "i32"], returns: "i64" },
} as const);

const PRIO_PROCESS = 0;
const LOWEST = 19;
const SYS_IOPRIO_SET = process.arch === "x64" ? 251 : 30;
const IOPRIO_WHO_PROCESS = 1;
/** Class "idle" in the upper three of sixteen bits: the disk serves everybody else first. */
const IOPRIO_IDLE = 3 << 13;

/**
 * The calling thread, and no other one of the process, stands behind all others from now on, for processor and disk: on
 * Linux a nice value belongs to a thread (setpriority(2), ioprio_set(2)). Where the kernel refuses, nothing changes.
 */
export function lowerPriorityOfThread(): void {
  libc.symbols.setpriority(PRIO_PROCESS, 0, LOWEST);
  libc.symbols.syscall(SYS_IOPRIO_SET, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}
