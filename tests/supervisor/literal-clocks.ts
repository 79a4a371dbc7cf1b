import { type WallTime, millis } from "../../src/core/units.ts";
import { LiteralTimers } from "./literal-timers.ts";

/** Two clocks: timers follow the monotonic one, which nobody can set. */
export class LiteralClocks extends LiteralTimers {
  #ahead: number;
  readonly #listeners = new Set<() => void>();

  /** What the wall clock shows at first, like "2026-05-10T12:00". */
  constructor(start: string) {
    super();
    this.#ahead = Date.parse(`${start}:00Z`);
  }

  override wall(): WallTime {
    return (this.#ahead + this.time) as WallTime;
  }

  /** What the wall clock shows, to the minute: "05-10T12:00". */
  get shown(): string {
    return new Date(this.wall()).toISOString().slice(5, 16);
  }

  onClockSet(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => void this.#listeners.delete(changed);
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** Somebody sets the wall clock, by minutes. */
  set(byMinutes: number): void {
    this.setInSilence(byMinutes);
    for (const changed of [...this.#listeners]) changed();
    this.turns();
  }

  setInSilence(byMinutes: number): void {
    this.#ahead += byMinutes * 60_000;
  }

  /** The machine sleeps: the monotonic clock stands still, and timers wait as long as before. */
  sleep(minutes: number): void {
    this.set(minutes);
  }

  /** Time goes by on both clocks; timers fire when it is their time. */
  pass(minutes: number): void {
    const until = this.time + minutes * 60_000;
    this.turns();
    while ((this.waiting[0] ?? Number.POSITIVE_INFINITY) <= until - this.time) {
      this.fire();
      this.turns();
    }
    // A timer that is called off again keeps the time that has passed.
    this.after(millis(until - this.time), () => {});
    this.fire();
    this.turns();
  }
}
