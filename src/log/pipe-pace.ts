/*
 * When a pipe is looked at again. Of most, the kernel tells when something has come. But to be told of each write costs its writer
 * nearly as much as the write does, and we would be woken for a few lines each time. So a pipe into which little is written again
 * and again is not watched for a while: it is looked at by the clock, after a pause in which enough gathers. The pause comes after
 * the reading, and a pipe in which nothing was found is watched again: a single line waits for nobody, and nobody wakes for nothing.
 */

/** So many times in a row something was found, each so soon after the one before. */
const AGAIN_AND_AGAIN = 8;
const SOON_MICROS = 1000;

/** The longest pause, and the shortest one that is worth the while. */
const LONGEST_MICROS = 300;
const SHORTEST_MICROS = 100;

/** What may gather in a pause: few enough bytes to be in the processor's cache still, and a part of what there is room for. */
const MOST_GATHERED = 128 * 1024;
const PART_OF_ROOM = 1 / 4;

/** What brings this much each time, in bytes, should have more room, even if it is not looked at any sooner. */
const MUCH = 32 * 1024;
const NOT_SO_SOON_MICROS = 100_000;

/** How often one pipe has brought how much. Times are microseconds of a clock that is never set. */
export class PipePace {
  #at = Number.NEGATIVE_INFINITY;
  #elapsed = 0;
  #found = 0;
  /** How often in a row. */
  #times = 0;
  #muchTimes = 0;

  /** So many bytes were found `at` now, perhaps none. */
  note(found: number, at: number): void {
    this.#elapsed = Math.max(1, at - this.#at);
    this.#times = found > 0 && this.#elapsed <= SOON_MICROS ? this.#times + 1 : 0;
    this.#muchTimes = found >= MUCH && this.#elapsed <= NOT_SO_SOON_MICROS ? this.#muchTimes + 1 : 0;
    this.#found = found;
    this.#at = at;
  }

  /** true: it brings something again and again, so that a pause may be worth the while. */
  get isSteady(): boolean {
    return this.#times >= AGAIN_AND_AGAIN;
  }

  /** true: it would use more room than a pipe usually has. */
  get wantsRoom(): boolean {
    return this.isSteady || this.#muchTimes > 1;
  }

  /** How long to leave it alone if it has room for so many bytes; 0: not at all. */
  pauseWith(room: number): number {
    const wanted = Math.min(MOST_GATHERED, room * PART_OF_ROOM);
    // What has gathered as much without a pause, or has filled the pipe, comes faster than can be told.
    if (!this.isSteady || this.#found >= wanted) return 0;
    const pause = Math.min(LONGEST_MICROS, Math.floor((wanted * this.#elapsed) / this.#found));
    return pause < SHORTEST_MICROS ? 0 : pause;
  }
}
