import type { LineFilter } from "../core/log-policy.ts";
import type { BlockSink } from "./line-filter.ts";
import type { Source } from "./source.ts";

/**
 * So many lines in a stretch of time, which begins with the first line after the one before. What is beyond is counted, and
 * a line of its own in the same sink says how many were left out, before the next one that is taken or when the time is over.
 */
export class RateLimit {
  readonly #most: number;
  readonly #micros: number;
  readonly #sink: BlockSink;
  readonly #wakeAt: (at: number) => void;
  #endsAt = Number.NEGATIVE_INFINITY;
  #taken = 0;
  /** Left out, and not yet said in the sink. */
  #dropped = 0;
  /** Left out since the last `takeLost`. */
  #lost = 0;
  /** Of the last line that was left out. */
  #source: Source | null = null;

  constructor(rate: NonNullable<LineFilter["rate"]>, sink: BlockSink, wakeAt: (at: number) => void) {
    this.#most = rate.lines;
    this.#micros = rate.per * 1000;
    this.#sink = sink;
    this.#wakeAt = wakeAt;
  }

  /** Whether one more line may pass. */
  take(source: Source): boolean {
    // A clock that was set back begins anew.
    if (source.at >= this.#endsAt || source.at < this.#endsAt - this.#micros) this.#begin(source.at);
    if (this.#taken < this.#most) {
      this.#taken++;
      return true;
    }
    if (this.#dropped === 0) this.#wakeAt(this.#endsAt);
    this.#dropped++;
    this.#lost++;
    this.#source = source;
    return false;
  }

  /** How many lines were left out since the last call. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  /** Says what was left out if the time is over. `at` is now, in microseconds since 1970. */
  tick(at: number): void {
    if (at >= this.#endsAt) this.close(at);
    else if (this.#dropped > 0) this.#wakeAt(this.#endsAt);
  }

  /** Says what was left out. */
  close(at: number): void {
    if (this.#dropped === 0 || this.#source === null) return;
    const words = this.#dropped === 1 ? "1 line was" : `${this.#dropped} lines were`;
    const text = `[${words} left out here: more than ${this.#most} in ${this.#micros / 1_000_000}s]\n`;
    const bytes = new TextEncoder().encode(text);
    const block = { bytes, start: 0, end: bytes.length, continues: false, unfinished: false };
    const source = { ...this.#source, at, pipe: this };
    this.#dropped = 0;
    this.#source = null;
    this.#sink.write(block, source);
  }

  #begin(at: number): void {
    this.close(at);
    this.#endsAt = at + this.#micros;
    this.#taken = 0;
  }
}
