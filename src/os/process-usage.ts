import { ptr } from "bun:ffi";
import { loadNativeProcesses } from "./native-processes.ts";

/** What one process uses (proc_pid_stat(5)). */
export interface ProcessUsage {
  /** Processor time since its start in milliseconds, in steps of 10; that of children that it has waited for included. */
  readonly cpuMs: number;
  /** Resident memory, what it shares with others included; 0 once it has ended. */
  readonly memoryBytes: number;
  readonly threads: number;
}

const WORDS = 4;

/** What these processes use, in their order; null for one that is gone, and for all if no descriptor is left to read with. */
export function readUsages(pids: readonly number[]): readonly (ProcessUsage | null)[] {
  const numbers = Int32Array.from(pids);
  const words = new Uint32Array(Math.max(1, pids.length) * WORDS);
  const isRead = pids.length > 0 && loadNativeProcesses().readUsages(ptr(numbers), pids.length, ptr(words)) >= 0;
  return pids.map((_, index) => (isRead ? usageAt(words, index * WORDS) : null));
}

function usageAt(words: Uint32Array, offset: number): ProcessUsage | null {
  const [low = 0, high = 0, memory = 0, threads = 0] = words.subarray(offset, offset + WORDS);
  return threads === 0 ? null : { cpuMs: high * 2 ** 32 + low, memoryBytes: memory * 1024, threads };
}
