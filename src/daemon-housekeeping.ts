/*
 * Gives memory back once the supervisor has come to rest. The runtime's own timers for that are switched off, because they
 * would wake an idle process for ever; this is one timer after the last activity, and none while nothing happens.
 * Part of the composition root.
 */
import { type Millis, millis } from "./core/units.ts";
import { releaseProgramPages } from "./os/resident-memory.ts";

/** How long nothing must have happened. */
const QUIET: Millis = millis(5_000);
/** Where something happens all the time, it is done this often all the same. */
const LONGEST_WAIT: Millis = millis(120_000);

export class Housekeeping {
  #timer: NodeJS.Timeout | null = null;
  #lastTouch = 0;
  #since = 0;

  /** Something has happened. Cheap, so that it can be called for everything. */
  touched(): void {
    this.#lastTouch = performance.now();
    if (this.#timer !== null) return;
    this.#since = this.#lastTouch;
    this.#arm(QUIET);
  }

  /** A thread has ended, which touches much once more; if there is going to be a tidying anyway, that is soon enough. */
  rested(): void {
    if (this.#timer === null) this.touched();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #arm(delay: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const now = performance.now();
      const remaining = this.#lastTouch + QUIET - now;
      if (remaining > 0 && now - this.#since < LONGEST_WAIT) return this.#arm(remaining);
      Bun.gc(true);
      try {
        releaseProgramPages();
      } catch {
        // Without a descriptor nothing tells what is mapped where: what is not needed stays in memory until the next time.
      }
    }, delay);
    this.#timer.unref();
  }
}
