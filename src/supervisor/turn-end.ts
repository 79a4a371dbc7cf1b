import type { Guard } from "./guard.ts";
import type { TimerPort } from "./ports.ts";

/** Looks around once a turn, after everything that happened in it. */
export class TurnEnd {
  readonly #timers: Pick<TimerPort, "soon">;
  readonly #guard: Guard;
  readonly #looks: readonly (() => void)[];
  #isDue = false;

  constructor(timers: Pick<TimerPort, "soon">, guard: Guard, looks: readonly (() => void)[]) {
    this.#timers = timers;
    this.#guard = guard;
    this.#looks = looks;
  }

  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#timers.soon(() => {
      this.#isDue = false;
      this.#guard.all(null, this.#looks);
    });
  }
}
