import type { Gate } from "./gate.ts";
import type { ServiceRecord } from "./service-record.ts";
import type { StepContext } from "./transitions.ts";
import type { Instant } from "./units.ts";

/** Where a step asks for what few of them need. */
export interface ContextSource {
  gateOf(record: ServiceRecord): Gate | null;
  jitter(): number;
}

/** What a step is decided with: a record as it is now. */
export class RecordContext implements StepContext {
  readonly now: Instant;
  readonly #record: ServiceRecord;
  readonly #source: ContextSource;

  constructor(record: ServiceRecord, now: Instant, source: ContextSource) {
    this.now = now;
    this.#record = record;
    this.#source = source;
  }

  get definition(): StepContext["definition"] {
    return this.#record.definition;
  }

  get next(): StepContext["next"] {
    return this.#record.next ?? this.#record.definition;
  }

  get want(): StepContext["want"] {
    return this.#record.want;
  }

  get note(): string | null {
    return this.#record.note;
  }

  get gate(): Gate | null {
    return this.#source.gateOf(this.#record);
  }

  get jitter(): number {
    return this.#source.jitter();
  }
}
