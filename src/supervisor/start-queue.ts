import { type Millis, millis, spanBetween } from "../core/units.ts";
import type { ClockPort, TimerPort } from "./ports.ts";

/** How long one turn of the loop may spend on starting, so that signals and clients are answered in between. */
const A_TURN: Millis = millis(20);

const MANY = 16;

/** Starts many services in order, some in each turn of the loop. */
export class StartQueue {
  readonly #timers: TimerPort;
  readonly #clock: ClockPort;
  readonly #start: (service: string) => void;
  #waiting: string[] = [];
  #next = 0;
  #isScheduled = false;

  constructor(timers: TimerPort, clock: ClockPort, start: (service: string) => void) {
    this.#timers = timers;
    this.#clock = clock;
    this.#start = start;
  }

  get isEmpty(): boolean {
    return this.#next >= this.#waiting.length;
  }

  /** true: so many are left that none should hold up the next. */
  get isLong(): boolean {
    return this.#waiting.length - this.#next >= MANY;
  }

  add(service: string): void {
    this.#waiting.push(service);
    this.#schedule();
  }

  clear(): void {
    this.#waiting = [];
    this.#next = 0;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#timers.soon(() => {
      this.#isScheduled = false;
      this.#startSome();
    });
  }

  #startSome(): void {
    const began = this.#clock.now();
    while (!this.isEmpty) {
      const service = this.#waiting[this.#next++];
      if (service !== undefined) this.#start(service);
      if (spanBetween(began, this.#clock.now()) >= A_TURN) break;
    }
    if (this.isEmpty) this.clear();
    else this.#schedule();
  }
}
