import { type Instant, type Millis, millis, spanBetween } from "../core/units.ts";

/** So many reports with lines at once, and so many a second after that. */
const BURST = 100;
const A_SECOND = 50;
/** In a row of crashes of one service the lines are asked for no more often than this. */
const LEAST_BETWEEN: Millis = millis(1_000);

/**
 * How often the last lines of a run are asked for: to read them costs the thread that writes the logs some time, and a
 * thousand services that crash all the time must not keep it from its work.
 */
export class LineAllowance {
  readonly #last = new Map<string, Instant>();
  #left = BURST;
  #at: Instant | null = null;

  /** true: they may be asked for, and count as asked for. `isRepeated`: the service was restarted by itself before. */
  take(service: string, isRepeated: boolean, now: Instant): boolean {
    const before = this.#last.get(service);
    if (isRepeated && before !== undefined && spanBetween(before, now) < LEAST_BETWEEN) return false;
    const since = this.#at === null ? 0 : spanBetween(this.#at, now);
    this.#left = Math.min(BURST, this.#left + (since * A_SECOND) / 1000);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    this.#last.set(service, now);
    return true;
  }

  forget(service: string): void {
    this.#last.delete(service);
  }
}
