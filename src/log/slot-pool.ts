import { MOST_SLOTS } from "./carry-store.ts";
import { NO_SLOT } from "./pipe-stretches.ts";

/** Gives out the places of pipes among the carries, each to one pipe at a time, the lowest first. */
export class SlotPool {
  readonly #free: number[] = [];
  #next = 0;

  /** `taken` are given out already. */
  constructor(taken: ReadonlySet<number> = new Set()) {
    this.#next = Math.max(-1, ...taken) + 1;
    for (let slot = this.#next - 1; slot >= 0; slot--) if (!taken.has(slot)) this.#free.push(slot);
  }

  take(): number {
    return this.#free.pop() ?? (this.#next < MOST_SLOTS ? this.#next++ : NO_SLOT);
  }

  giveBack(slot: number): void {
    if (slot !== NO_SLOT) this.#free.push(slot);
  }
}
