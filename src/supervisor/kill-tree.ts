import { SIGNAL_NUMBERS } from "../core/signal-names.ts";
import type { ProcessPort } from "./ports.ts";
import { ProcessSnapshot, isEnded } from "./process-snapshot.ts";
import { type Held, holdProcess, release, signalHeld } from "./run.ts";

/** More than it takes unless something forks as fast as it can be seen. */
const MOST_ROUNDS = 10;

/**
 * Kills a child of this process that is not reaped, with all its descendants, whatever group or session they are in. They
 * are stopped first, until nothing new turns up: none can fork, or lose its parent, between the look and the signal.
 */
export function killTree(
  pid: number,
  processes: Pick<ProcessPort, "table" | "row" | "openPidfd" | "signal" | "closeFd">,
): void {
  const held = new Map<number, Held>();
  for (let round = 0, before = -1; round < MOST_ROUNDS && held.size > before; round++) {
    before = held.size;
    const snapshot = new ProcessSnapshot(processes.table());
    const root = snapshot.get(pid);
    for (const row of root === undefined ? [] : snapshot.closure([root])) {
      if (held.has(row.pid) || isEnded(row)) continue;
      const process = holdProcess(row, processes);
      held.set(row.pid, process);
      signalHeld(process, [SIGNAL_NUMBERS.SIGSTOP], processes);
    }
  }
  for (const process of held.values()) {
    signalHeld(process, [SIGNAL_NUMBERS.SIGKILL], processes);
    release(process, processes);
  }
}
