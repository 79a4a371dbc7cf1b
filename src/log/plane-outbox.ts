import { type LossNews, LossTally } from "./loss-tally.ts";
import type { FromPlane } from "./plane-messages.ts";

/** What the thread has to say to the main thread, until the end of the round. */
export class PlaneOutbox {
  readonly #now: () => number;
  readonly #losses = new LossTally();
  #messages: FromPlane[] = [];

  /** `now`: microseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  say(message: FromPlane): void {
    this.#messages.push(message);
  }

  report(service: string | null, message: string, recovered: boolean): void {
    this.say({ tag: "problem", service, message, recovered });
  }

  /** A sink has not taken these lines. */
  lost(loss: LossNews): void {
    this.#losses.note(loss);
  }

  /** true: there is something to say that is not said in this round, but soon. */
  get isWaiting(): boolean {
    return this.#losses.isWaiting;
  }

  /** Does it; a fault in it is reported. */
  guard(what: string, service: string | null, act: () => unknown): void {
    try {
      act();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.report(service, `internal error: cannot ${what}: ${reason}`, false);
    }
  }

  /** What is to be said now. */
  take(): readonly FromPlane[] {
    for (const news of this.#losses.take(this.#now)) this.say({ tag: "lost", ...news });
    const messages = this.#messages;
    if (messages.length > 0) this.#messages = [];
    return messages;
  }
}
