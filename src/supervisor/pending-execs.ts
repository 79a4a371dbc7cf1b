/*
 * Processes whose exec has not returned yet: it hangs on a file system, or somebody has stopped them before it. Whoever
 * started one is told what became of it. If the exec fails, the process is reaped and its pidfd closed by the look that
 * finds it out, so a look comes before anything else is made of the end of such a process.
 */
import { millis } from "../core/units.ts";
import type { PendingOutcome, SpawnPort, TimerPort } from "./ports.ts";

type Decided = (result: PendingOutcome["result"]) => void;

/** After a process has begun, pending execs are looked at so soon, and then less and less often. */
const FIRST_POLL = millis(1);
const SLOWEST_POLL = millis(10);

export class PendingExecs {
  readonly #spawning: Pick<SpawnPort, "pollPending">;
  readonly #timers: TimerPort;
  readonly #pending = new Map<number, Decided>();
  #isPolling = false;
  #delay = FIRST_POLL;

  constructor(spawning: Pick<SpawnPort, "pollPending">, timers: TimerPort) {
    this.#spawning = spawning;
    this.#timers = timers;
  }

  has(pid: number): boolean {
    return this.#pending.has(pid);
  }

  /** `decided` is called once, later. */
  add(pid: number, decided: Decided): void {
    this.#pending.set(pid, decided);
    this.#delay = FIRST_POLL;
    this.#poll();
  }

  look(): void {
    if (this.#pending.size === 0) return;
    for (const { pid, result } of this.#spawning.pollPending()) {
      const decided = this.#pending.get(pid);
      this.#pending.delete(pid);
      decided?.(result);
    }
  }

  // The kernel tells nobody when an exec that hung has returned, so while there is one, and only then, it is looked for.
  #poll(): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    this.#timers.after(this.#delay, () => {
      this.#delay = millis(Math.min(2 * this.#delay, SLOWEST_POLL));
      this.#isPolling = false;
      this.look();
      if (this.#pending.size > 0) this.#poll();
    });
  }
}
