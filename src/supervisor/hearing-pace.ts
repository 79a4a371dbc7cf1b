import { type Instant, type Millis, later, millis, spanBetween } from "../core/units.ts";

/** So long a span is that is counted in. */
const SPAN = millis(100);
/** What one may say in a span, if not too much is said by all together. */
const MOST_OF_ONE = 256;
/** What all together may say in a span, but for what each may say whatever the others do. */
const MOST_OF_ALL = 1024;
const ALWAYS = 16;

/**
 * How much of what is said is heard now, and how much later: somebody who talks as fast as he can is not to keep the
 * supervisor from everything else. Nothing is lost by that; the socket makes the speaker wait.
 */
export class HearingPace {
  readonly #now: () => Instant;
  #begin: Instant;
  #all = 0;
  #heard = new Map<string, number>();

  constructor(now: () => Instant) {
    this.#now = now;
    this.#begin = now();
  }

  /** true: something of this one may be heard now, and is counted. */
  mayHear(speaker: string): boolean {
    if (spanBetween(this.#begin, this.#now()) >= SPAN) this.#beginAnew();
    const heard = this.#heard.get(speaker) ?? 0;
    if (heard >= MOST_OF_ONE || (heard >= ALWAYS && this.#all >= MOST_OF_ALL)) return false;
    this.#heard.set(speaker, heard + 1);
    this.#all++;
    return true;
  }

  /** How long it takes until everybody is heard again. */
  get rest(): Millis {
    return millis(Math.max(1, spanBetween(this.#now(), later(this.#begin, SPAN))));
  }

  #beginAnew(): void {
    this.#begin = this.#now();
    this.#all = 0;
    this.#heard = new Map();
  }
}
