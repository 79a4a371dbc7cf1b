import { lineCountOf, type Block } from "./line-framer.ts";
import type { PlaneLine } from "./plane-messages.ts";
import { recordTextsOf } from "./record-block.ts";
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
  /** Lines that there was no room for since the follower was told last, and where the last of them came from. */
  #missed = 0;
  #lastMissed: Source | null = null;

  add(block: Block, source: Source): void {
    if (this.#inFlight + this.#cost > MOST_IN_FLIGHT) {
      this.#missed += lineCountOf(block);
      this.#lastMissed = source;
      return;
    }
    this.#tellMissed();
    for (const text of recordTextsOf(block)) this.#push(source, text);
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

  /** The oldest batch that was on its way has arrived. What was missed is told now: there may be no next line. */
  acknowledge(): void {
    this.#inFlight -= this.#batches.shift() ?? 0;
    if (this.#inFlight + this.#cost <= MOST_IN_FLIGHT / 2) this.#tellMissed();
  }

  #tellMissed(): void {
    if (this.#lastMissed === null) return;
    this.#push(this.#lastMissed, missedWordsOf(this.#missed));
    this.#missed = 0;
    this.#lastMissed = null;
  }

  #push({ at, stream, pid }: Source, text: string): void {
    this.#lines.push({ at, stream, pid, text });
    this.#cost += text.length + OVERHEAD;
  }
}

function missedWordsOf(count: number): string {
  return `[${count === 1 ? "1 line is" : `${count} lines are`} missing here: they came faster than they were read]`;
}
