/** Chance that can be repeated: the same seed gives the same draws (mulberry32). */
export class RandomDraw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** true in this share of the draws. */
  happens(share: number): boolean {
    return this.fraction() < share;
  }

  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    const picked = items[this.below(items.length)];
    // Not with `??`: null may be among the items.
    return picked === undefined ? items[0] : picked;
  }
}
