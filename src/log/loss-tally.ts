import type { LogLoss } from "../core/log-loss.ts";

/** Lines that sinks did not take are told of in sums, at most so often: a storm of them is not to become one of messages. */
const TELL_MICROS = 200_000;

/** So many lines of a service more than were told of before. */
export interface LossNews extends LogLoss {
  readonly service: string;
}

/** What sinks have not taken and nobody has been told of yet. Times are in microseconds since 1970. */
export class LossTally {
  #news = new Map<string, LossNews>();
  #toldAt = Number.NEGATIVE_INFINITY;

  note(loss: LossNews): void {
    const key = `${loss.service} ${loss.reason} ${loss.sink}`;
    const known = this.#news.get(key);
    this.#news.set(key, known === undefined ? loss : { ...loss, lines: known.lines + loss.lines });
  }

  /** What there is to tell, if it is time to. */
  take(now: () => number): readonly LossNews[] {
    if (this.#news.size === 0) return [];
    const at = now();
    // The clock may have been set back.
    if (Math.abs(at - this.#toldAt) < TELL_MICROS) return [];
    this.#toldAt = at;
    const news = [...this.#news.values()];
    this.#news = new Map();
    return news;
  }

  /** true: there is something that `take` has not given yet, and is to be asked for again soon. */
  get isWaiting(): boolean {
    return this.#news.size > 0;
  }
}
