/*
 * Tells what a program writes itself at its start from what somebody else writes. Nobody can see who has changed a file; but
 * a program that is restarted whenever a file changes, and changes one whenever it is restarted, would go on for ever. So if
 * that has happened several times in a row, changes right after a restart are taken for its own from then on.
 */
import { type Instant, later, millis } from "../core/units.ts";

/** So long after it came up, or was told to reload, a program may still write what it writes then. */
export const SETTLING = millis(5_000);
/** So many early changes in a row are believed to be somebody else's. */
export const MOST_EARLY = 5;

export class OwnChanges {
  #settledAt: Instant | null = null;
  #early = 0;
  #isRestless = false;

  /** It is up again, or reloads, because of a change. */
  began(now: Instant): void {
    this.#settledAt = later(now, SETTLING);
  }

  /** It was started for another reason. */
  begunAnew(): void {
    this.#settledAt = null;
  }

  /** Something has changed, the first thing after a silence. true: for the last time so soon, that is not believed again. */
  noteFirst(now: Instant): boolean {
    if (this.#isRestless) return false;
    this.#early = this.#isSettling(now) ? this.#early + 1 : 0;
    this.#isRestless = this.#early >= MOST_EARLY;
    return this.#isRestless;
  }

  /** true: what changes now is taken for its own doing. */
  isOwn(now: Instant): boolean {
    return this.#isRestless && this.#isSettling(now);
  }

  #isSettling(now: Instant): boolean {
    return this.#settledAt !== null && now < this.#settledAt;
  }
}
