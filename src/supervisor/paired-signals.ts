import { type Instant, millis, spanBetween } from "../core/units.ts";

/** Who has heard a signal: this process itself, or the guardian, which hands on what it hears. */
export type Hearer = "self" | "guardian";

/** Two signals that have one cause reach their two processes within this time. */
const TOGETHER = millis(1_000);

/**
 * A signal that goes to a whole process group, or to all processes of a control group, reaches the supervisor twice: directly
 * and through its guardian. It counts once. Two of which both came the same way are two.
 */
export class PairedSignals {
  readonly #single: { readonly name: string; readonly by: Hearer; readonly at: Instant }[] = [];

  /** true: this one counts; false: it is the other half of one that has counted. */
  counts(name: string, by: Hearer, now: Instant): boolean {
    while (this.#single[0] !== undefined && spanBetween(this.#single[0].at, now) > TOGETHER) this.#single.shift();
    const other = this.#single.findIndex((single) => single.name === name && single.by !== by);
    if (other < 0) this.#single.push({ name, by, at: now });
    else this.#single.splice(other, 1);
    return other < 0;
  }
}
