import { readFileSync } from "node:fs";

const LOOK_MS = 250;
/** What a machine with nothing to do may spend on itself, as a part of all its processors. */
const QUIET = 0.05;

/** Waits for moments in which the machine has nothing else to do; gives up waiting in the end. */
export class Quiet {
  /** How often it was not quiet in time. */
  missed = 0;
  #patienceMs: number;

  /** `patienceMs`: how long it may wait in all. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  async wait(): Promise<void> {
    for (;;) {
      const before = readTimes();
      await Bun.sleep(LOOK_MS);
      const after = readTimes();
      if (after.busy - before.busy <= QUIET * (after.all - before.all)) return;
      this.#patienceMs -= LOOK_MS;
      if (this.#patienceMs > 0) continue;
      this.missed++;
      return;
    }
  }
}

/** Of all processors together, in ticks: user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)). */
function readTimes(): { readonly busy: number; readonly all: number } {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
  const times = line.split(/\s+/).slice(1, 9).map(Number);
  const all = times.reduce((sum, time) => sum + time, 0);
  return { busy: all - (times[3] ?? 0) - (times[4] ?? 0), all };
}
