import { readFileSync, readlinkSync } from "node:fs";

/** The number of the calling thread, as the kernel has it. */
export function threadNumber(): number {
  // "PID/task/TID" (proc(5)).
  return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
}

/** Processor time that a thread of this process has used, in milliseconds; null: there is no such thread. */
export function processorTimeOf(thread: number): number | null {
  try {
    // Nanoseconds on a processor, nanoseconds of waiting for one, turns.
    return Number(readFileSync(`/proc/self/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1_000_000;
  } catch {
    return null;
  }
}
