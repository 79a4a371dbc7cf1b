/* What a successor tries again until it succeeds, while it looks after the services. Part of the composition root. */
import { millis } from "./core/units.ts";
import { CannotStart } from "./daemon-failure.ts";
import { timers } from "./daemon-ports.ts";
import type { Report } from "./supervisor/ports.ts";

type Step = () => void | Promise<void>;

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/** A start that lacks something fails, so that whoever waits for it can do something about it. A successor has services already. */
export class Attempts {
  readonly #isSuccessor: boolean;
  readonly #failed: { readonly step: Step; readonly reason: string }[] = [];

  constructor(role: { readonly isSuccessor: boolean }) {
    this.#isSuccessor = role.isSuccessor;
  }

  /** Takes the step. If it fails, that is thrown at a start; by a successor it is taken again, from `begin` on. */
  async make(step: Step): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!this.#isSuccessor) throw error;
      this.#failed.push({ step, reason: reasonOf(error) });
    }
  }

  /** There is a log in which it can be said what is lacking: once for each reason. */
  begin(report: Report): void {
    for (const { step, reason } of this.#failed.splice(0)) this.#again(step, { reason, pause: FIRST_PAUSE }, report);
  }

  #again(step: Step, { reason, pause }: { readonly reason: string; readonly pause: number }, report: Report): void {
    report("crit", `${reason}; the services are looked after meanwhile, and this is tried again`);
    let wait = pause;
    const attempt = async (): Promise<void> => {
      try {
        await step();
        report("notice", `this is over: ${reason}`);
      } catch (error) {
        const now = reasonOf(error);
        wait = Math.min(2 * wait, LONGEST_PAUSE);
        if (now !== reason) return this.#again(step, { reason: now, pause: wait }, report);
        timers.after(millis(wait), () => void attempt());
      }
    };
    timers.after(millis(wait), () => void attempt());
  }
}

function reasonOf(error: unknown): string {
  return CannotStart.because(error).lines.join("; ");
}
