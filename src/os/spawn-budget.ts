import { spanBetween, type Instant, type Millis } from "../core/units.ts";

/** The main thread may wait for execs this long ... */
const ALLOWANCE = 100;
/** ... in any stretch of this length. */
const WINDOW = 200;
/** Waits that end within this time of each other are counted as one that ended with the last. */
const GRAIN = 10;

/** How long the next spawn may wait, so that spawning never keeps the main thread from its work. Time is given. */
export class SpawnBudget {
  #waits: { end: Instant; span: number }[] = [];

  /** Milliseconds that a spawn beginning now may wait; 0 while another one is pending, for that one may hang for long. */
  allowance(now: Instant, pendingCount: number): Millis {
    if (pendingCount > 0) return 0 as Millis;
    this.#waits = this.#waits.filter((wait) => spanBetween(wait.end, now) < WINDOW);
    const spent = this.#waits.reduce((sum, wait) => sum + wait.span, 0);
    return Math.max(0, Math.floor(ALLOWANCE - spent)) as Millis;
  }

  /** Notes that a spawn kept the thread from `start` to `end`. */
  note(start: Instant, end: Instant): void {
    const span = Math.max(0, spanBetween(start, end));
    const last = this.#waits.at(-1);
    if (last !== undefined && spanBetween(last.end, end) < GRAIN && last.span < GRAIN) {
      last.span += span;
      last.end = end;
    } else {
      this.#waits.push({ end, span });
    }
  }
}
