/** A clock that stands still until it is told to go on, and what is to happen by it. */
export class VirtualTime {
  /** In milliseconds. */
  now = 0;
  readonly #agenda: { readonly at: number; readonly run: () => void }[] = [];

  after(delay: number, run: () => void): void {
    const at = this.now + delay;
    let [low, high] = [0, this.#agenda.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#agenda[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    this.#agenda.splice(low, 0, { at, run });
  }

  /** When the next thing happens; null: nothing does. */
  get next(): number | null {
    return this.#agenda[0]?.at ?? null;
  }

  /** Goes on to the next thing and lets it happen. */
  step(): void {
    const first = this.#agenda.shift();
    if (first === undefined) return;
    this.now = Math.max(this.now, first.at);
    first.run();
  }
}
