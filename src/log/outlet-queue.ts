import { linesOf } from "./relay-messages.ts";
import type { Parcel } from "./relay-outlet.ts";

/** Parcels in their order, and whoever waits for the last of them. */
export class OutletQueue {
  #parcels: Parcel[] = [];
  #underway = 0;
  #waiting: (() => void)[] = [];

  /** How many wait, those underway aside. */
  get length(): number {
    return this.#parcels.length;
  }

  get isSettled(): boolean {
    return this.#parcels.length === 0 && this.#underway === 0;
  }

  push(parcel: Parcel): void {
    this.#parcels.push(parcel);
  }

  /** The first one, which is underway from now on. */
  take(): Parcel | undefined {
    const parcel = this.#parcels.shift();
    if (parcel !== undefined) this.#underway++;
    return parcel;
  }

  /** One that was underway has been handed on. */
  finish(parcel: Parcel): void {
    this.#underway--;
    parcel.done();
    if (!this.isSettled) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** These were underway and have not been handed on: they are the first again. */
  putBack(parcels: readonly Parcel[]): void {
    this.#underway -= parcels.length;
    this.#parcels = [...parcels, ...this.#parcels];
  }

  /** Gives up what waits, those underway aside; how many lines that were. */
  drop(): number {
    let lines = 0;
    for (let parcel = this.take(); parcel !== undefined; parcel = this.take()) {
      const lost = linesOf(parcel, 0);
      parcel.lost(lost);
      lines += lost;
      this.finish(parcel);
    }
    return lines;
  }

  settle(): Promise<void> {
    return this.isSettled ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
