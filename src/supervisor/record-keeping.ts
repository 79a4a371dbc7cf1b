/* What is written down of services for a successor: each change before anything follows from it. */
import type { ServiceAction } from "../core/service-event.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import type { MemoryPort } from "./ports.ts";

export class RecordKeeping {
  readonly #memory: Pick<MemoryPort, "keep">;
  /** The number of the service's latest run; null: there was none. */
  readonly #runOf: (service: string) => number | null;
  #last: ServiceRecord | null = null;

  constructor(memory: Pick<MemoryPort, "keep">, runOf: (service: string) => number | null) {
    this.#memory = memory;
    this.#runOf = runOf;
  }

  /** `actions`: what is to be done about it next; null: as it was. */
  keep(record: ServiceRecord, actions: readonly ServiceAction[] | null): void {
    this.#last = record;
    this.#memory.keep(record, actions, this.#runOf(record.definition.name));
  }

  /** Those that were told of a change have noted something beside the record: written down once for all of them. */
  keepAdded(record: ServiceRecord | null): void {
    if (record !== null && record !== this.#last) this.keep(record, null);
  }
}
