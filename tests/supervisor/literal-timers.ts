import type { Instant, Millis, WallTime } from "../../src/core/units.ts";
import type { ClockPort, TimerPort } from "../../src/supervisor/ports.ts";

/** Timers and a clock that the test moves. */
export class LiteralTimers implements TimerPort, ClockPort {
  /** In milliseconds. */
  time = 0;
  #soon: (() => void)[] = [];
  readonly #later = new Set<{ readonly at: number; readonly run: () => void }>();

  now(): Instant {
    return this.time as Instant;
  }

  wall(): WallTime {
    return this.time as WallTime;
  }

  soon(run: () => void): void {
    this.#soon.push(run);
  }

  after(delay: Millis, run: () => void): () => void {
    const timer = { at: this.time + delay, run };
    this.#later.add(timer);
    return () => this.#later.delete(timer);
  }

  /** Lets one turn of the loop go by; false if nothing was to be done in it. */
  turn(): boolean {
    const due = this.#soon;
    this.#soon = [];
    for (const run of due) run();
    return due.length > 0;
  }

  /** Lets turns go by until nothing is to be done in the next one. */
  turns(): void {
    while (this.turn());
  }

  /** How long it is until each timer that waits, shortest first. */
  get waiting(): readonly number[] {
    return [...this.#later].map(({ at }) => at - this.time).sort((left, right) => left - right);
  }

  /** Goes on to the next timer and fires it; false if there is none. */
  fire(): boolean {
    const [next] = [...this.#later].sort((left, right) => left.at - right.at);
    if (next === undefined) return false;
    this.#later.delete(next);
    this.time = Math.max(this.time, next.at);
    next.run();
    return true;
  }

  /** Lets so much time go by, and fires each timer at its time, those that are set meanwhile too. */
  passTime(span: number): void {
    const until = this.time + span;
    while ((this.waiting[0] ?? Number.POSITIVE_INFINITY) <= until - this.time) this.fire();
    this.time = until;
  }
}
