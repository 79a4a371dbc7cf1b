import { MOST_SLOTS } from "./carry-store.ts";
import { NO_SLOT } from "./pipe-stretches.ts";

/** Gives out the places of pipes among the carries, each to one pipe at a time. */
export class SlotPool {
  readonly #free: number[] = [];
  #next = 0;

  take(): number {
    return this.#free.pop() ?? (this.#next < MOST_SLOTS ? this.#next++ : NO_SLOT);
  }

  giveBack(slot: number): void {
    if (slot !== NO_SLOT) this.#free.push(slot);
  }
}
