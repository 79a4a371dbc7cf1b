import { lineCountOf, textLinesOf, type Block } from "./line-framer.ts";
import type { PlaneLine } from "./plane-messages.ts";
import type { Source } from "./source.ts";

/** What may be on its way to a follower, in bytes of text and what each line costs beside. */
export const MOST_IN_FLIGHT = 4 * 1024 * 1024;
const OVERHEAD = 100;

/**
 * The lines of one service for those who follow it. What has been handed out and not yet been acknowledged is bounded: a
 * follower that is slower than the service misses lines, and is told how many.
 */
export class FollowFeed {
  #lines: PlaneLine[] = [];
  #cost = 0;
  readonly #batches: number[] = [];
  #inFlight = 0;
  #missed = 0;

  add(block: Block, source: Source): void {
    if (this.#inFlight + this.#cost > MOST_IN_FLIGHT) {
      this.#missed += lineCountOf(block);
      return;
    }
    const { stream, pid } = source;
    const at = Math.floor(source.at / 1000);
    if (this.#missed > 0) this.#push({ at, stream, pid, text: missedWordsOf(this.#missed) });
    this.#missed = 0;
    for (const text of textLinesOf(block)) this.#push({ at, stream, pid, text });
  }

  /** The lines since the last call, to be acknowledged as one batch; none: nothing to acknowledge. */
  take(): readonly PlaneLine[] {
    const lines = this.#lines;
    if (lines.length === 0) return lines;
    this.#batches.push(this.#cost);
    this.#inFlight += this.#cost;
    this.#lines = [];
    this.#cost = 0;
    return lines;
  }

  /** The oldest batch that was on its way has arrived. */
  acknowledge(): void {
    this.#inFlight -= this.#batches.shift() ?? 0;
  }

  #push(line: PlaneLine): void {
    this.#lines.push(line);
    this.#cost += line.text.length + OVERHEAD;
  }
}

function missedWordsOf(count: number): string {
  return `[${count === 1 ? "1 line is" : `${count} lines are`} missing here: they came faster than they were read]`;
}
