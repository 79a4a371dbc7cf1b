import type { ProcessRow } from "./ports.ts";
import type { Run } from "./run.ts";

/** Which sessions and groups are a service's own, by number, for as long as a process of it holds the number. */
export class Numbers {
  readonly #serviceOf = new Map<number, string>();

  serviceOf(number: number): string | null {
    return this.#serviceOf.get(number) ?? null;
  }

  /** 0 and 1 are nobody's: what is outside of this pid namespace, and the first process of it. */
  claim(run: Run, number: number): void {
    if (number <= 1) return;
    run.numbers.add(number);
    this.#serviceOf.set(number, run.service);
  }

  /** Gives up the numbers that no process of the run holds any more: the kernel may give them to others. */
  disclaim(run: Run, rows: readonly ProcessRow[]): void {
    for (const number of run.numbers) {
      if (!rows.some((row) => row.group === number || row.session === number)) this.#giveUp(run, number);
    }
  }

  disclaimAll(run: Run): void {
    for (const number of run.numbers) this.#giveUp(run, number);
  }

  #giveUp(run: Run, number: number): void {
    run.numbers.delete(number);
    if (this.#serviceOf.get(number) === run.service) this.#serviceOf.delete(number);
  }
}
