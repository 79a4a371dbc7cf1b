/*
 * Gives memory back once the supervisor has come to rest. The runtime's own timers for that are switched off, because they
 * would wake an idle process for ever; this is one timer after the last activity, and none while nothing happens.
 * Part of the composition root.
 */
import { type Millis, millis } from "./core/units.ts";
import { releaseProgramPages } from "./os/resident-memory.ts";

/** How long nothing must have happened. */
const QUIET: Millis = millis(5_000);

export class Housekeeping {
  #timer: NodeJS.Timeout | null = null;
  #lastTouch = 0;

  /** Something has happened. Cheap, so that it can be called for everything. */
  touched(): void {
    this.#lastTouch = performance.now();
    if (this.#timer === null) this.#arm(QUIET);
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #arm(delay: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const remaining = this.#lastTouch + QUIET - performance.now();
      if (remaining > 0) return this.#arm(remaining);
      Bun.gc(true);
      releaseProgramPages();
    }, delay);
    this.#timer.unref();
  }
}
