import { faultOf } from "../core/fault.ts";
import { millis } from "../core/units.ts";
import type { Report } from "./ports.ts";

/** After this, what has failed is tried again where nothing else would bring it about. */
export const AGAIN = millis(1_000);

/** Keeps what throws in one part from the parts beside it: a bug of ours is told, and costs what it was about. */
export class Guard {
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Does it; false if it threw. `service`: whom it concerns, null: all. Never throws. */
  run(service: string | null, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      this.tell(service, error);
      return false;
    }
  }

  /** Does each, whatever becomes of the others. */
  all(service: string | null, acts: readonly (() => void)[]): void {
    this.each(service, acts, (act) => act());
  }

  /** Does the same with each, whatever becomes of the others. */
  each<Item>(service: string | null, items: readonly Item[], act: (item: Item) => void): void {
    for (const item of items) {
      try {
        act(item);
      } catch (error) {
        this.tell(service, error);
      }
    }
  }

  /** Reports it; gives it in few words. */
  tell(service: string | null, error: unknown): string {
    const about = service === null ? "" : `${service}: `;
    const { severity, report, brief } = faultOf(error);
    this.#report(severity, `${about}${report}`);
    return brief;
  }
}
