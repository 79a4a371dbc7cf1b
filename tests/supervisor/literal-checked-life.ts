import type { Definition } from "../../src/core/definition.ts";
import type { PlainData } from "../../src/core/plain-data.ts";
import type { ServiceEvent } from "../../src/core/service-event.ts";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import type { WallTime } from "../../src/core/units.ts";
import type { CheckResult } from "../../src/supervisor/check-result.ts";
import type { CheckRequest, Checks } from "../../src/supervisor/checks.ts";
import type { Companion } from "../../src/supervisor/companion.ts";
import { LiteralTimers } from "./literal-timers.ts";

type Change = Partial<Omit<ServiceRecord, "state" | "definition">>;

/** The life of one service as a companion sees it: the test says what happens, and what each check finds. */
export class LiteralCheckedLife {
  readonly timers = new LiteralTimers();
  /** What the fleet was told, in order. */
  readonly told: ServiceEvent[] = [];
  /** The checks that were begun, and how many of them were called off. */
  readonly begun: CheckRequest[] = [];
  calledOff = 0;
  companion: Companion | null = null;
  record: ServiceRecord;
  #conclude: ((result: CheckResult) => void) | null = null;

  constructor(definition: Definition) {
    this.record = newRecord(definition, 0 as WallTime);
  }

  readonly checks: Pick<Checks, "attempt"> = {
    attempt: (request, conclude) => {
      if (this.#conclude !== null) throw new Error("two checks at the same time");
      this.begun.push(request);
      this.#conclude = conclude;
      return () => {
        // What is over already cannot be called off.
        if (this.#conclude !== conclude) return;
        this.#conclude = null;
        this.calledOff++;
      };
    },
  };

  readonly tell = (_service: string, event: ServiceEvent): void => void this.told.push(event);

  readonly amend = (_service: string, change: Change): void => this.#replace({ ...this.record, ...change });

  readonly annotate = (_service: string, word: string, data: PlainData): void => {
    const { [word]: _known, ...others } = this.record.beside;
    this.record = { ...this.record, beside: data === null ? others : { ...others, [word]: data } };
  };

  /** It goes on from where a supervisor that is gone has left it. */
  adopt(record: ServiceRecord): void {
    this.record = record;
    this.companion?.adopted?.(record, null);
    this.timers.turns();
  }

  /** It comes into another state; then the loop goes on until there is nothing more to be done at once. */
  enter(state: ServiceState, change: Change = {}): void {
    this.#replace({ ...this.record, ...change, state });
    this.timers.turns();
  }

  /** Its definition is another one. */
  redefine(definition: Definition): void {
    this.#replace({ ...this.record, definition });
    this.timers.turns();
  }

  get isChecking(): boolean {
    return this.#conclude !== null;
  }

  /** The check that is going on ends; with a pause before it if none is. */
  check(ok: boolean, detail = ok ? "answered 200" : "connection refused", output = ""): void {
    if (this.#conclude === null) this.timers.fire();
    const conclude = this.#conclude;
    if (conclude === null) throw new Error("no check is going on");
    this.#conclude = null;
    conclude({ ok, detail, output });
    this.timers.turns();
  }

  #replace(next: ServiceRecord): void {
    const previous = this.record;
    this.record = next;
    this.companion?.changed(next, previous);
  }
}
