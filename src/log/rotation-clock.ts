/** The clock may be set meanwhile, and the machine may sleep. */
const LONGEST_WAIT_MICROS = 86_400_000_000;

/** When the next file becomes so old that something is to be done. All times are microseconds since 1970. */
export class RotationClock {
  #at = Number.POSITIVE_INFINITY;

  /** Something is due `at`. */
  wakeAt(at: number): void {
    this.#at = Math.min(this.#at, at);
  }

  /** How long nothing is due, in microseconds; infinite: without end. `now` is only asked where it matters. */
  patience(now: () => number): number {
    if (this.#at === Number.POSITIVE_INFINITY) return this.#at;
    return Math.min(LONGEST_WAIT_MICROS, Math.max(0, this.#at - now()));
  }

  /** true, once: something is due, and whatever is due later is to be told anew. */
  takeDue(now: () => number): boolean {
    if (this.#at === Number.POSITIVE_INFINITY || now() < this.#at) return false;
    this.#at = Number.POSITIVE_INFINITY;
    return true;
  }
}
