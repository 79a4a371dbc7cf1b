import { type Instant, millis, spanBetween } from "../core/units.ts";
import type { ClockPort, TimerPort } from "./ports.ts";

/** setTimeout fires at once for more than 2^31 - 1 ms, and a wake-up a day costs nothing. */
const LONGEST = millis(86_400_000);

/** One timer for the earliest deadline of all; none while there is no deadline. */
export class DeadlineTimer {
  readonly #timers: TimerPort;
  readonly #clock: ClockPort;
  readonly #passed: () => void;
  #cancel: (() => void) | null = null;
  #armedFor: Instant | null = null;

  constructor(timers: TimerPort, clock: ClockPort, passed: () => void) {
    this.#timers = timers;
    this.#clock = clock;
    this.#passed = passed;
  }

  /** From now on it is for this deadline; null: for none. */
  arm(deadline: Instant | null): void {
    if (deadline === this.#armedFor) return;
    this.#cancel?.();
    this.#cancel = null;
    this.#armedFor = deadline;
    if (deadline === null) return;
    const delay = millis(Math.min(Math.max(spanBetween(this.#clock.now(), deadline), 0), LONGEST));
    this.#cancel = this.#timers.after(delay, () => {
      this.#armedFor = null;
      this.#cancel = null;
      this.#passed();
    });
  }
}
