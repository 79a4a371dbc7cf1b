import { type ServiceState, deadlineOf } from "./service-state.ts";
import type { Instant } from "./units.ts";

/** The deadlines of services, of which few have one at a time: the earliest is asked for in each turn in which something happens. */
export class Deadlines {
  readonly #of = new Map<string, Instant>();

  /** The service is in this state from now on. */
  note(service: string, state: ServiceState): void {
    const deadline = deadlineOf(state);
    if (deadline === null) this.#of.delete(service);
    else this.#of.set(service, deadline);
  }

  forget(service: string): void {
    this.#of.delete(service);
  }

  /** null: there is none. */
  get earliest(): Instant | null {
    let earliest: Instant | null = null;
    for (const deadline of this.#of.values()) if (earliest === null || deadline < earliest) earliest = deadline;
    return earliest;
  }
}
