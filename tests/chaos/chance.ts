/** Chance that depends on a seed alone (Park and Miller), so that a run can be repeated as far as the machine lets it. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed % 2147483646) + 1;
  }

  /** From 0 to 1, without 1. */
  part(): number {
    this.#state = (this.#state * 48271) % 2147483647;
    return (this.#state - 1) / 2147483646;
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor(this.part() * limit);
  }

  /** true with this likelihood. */
  falls(likelihood: number): boolean {
    return this.part() < likelihood;
  }

  /** One of these; throws if there are none. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("cannot pick one of none");
    return item;
  }

  /** One of the keys, in proportion to their weights. */
  weigh<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const entries = Object.entries(weights) as [Key, number][];
    let left = this.part() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) if ((left -= weight) < 0) return key;
    throw new RangeError("cannot weigh nothing");
  }
}
