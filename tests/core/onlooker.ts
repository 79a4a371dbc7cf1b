import type { ServiceAction } from "../../src/core/service-event.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";

/** Who looks on at a simulated fleet; told before and after, so that it can compare. */
export interface Onlooker {
  acting(record: ServiceRecord, action: ServiceAction): void;
  changed(record: ServiceRecord, previous: ServiceRecord): void;
  forgotten(record: ServiceRecord): void;
  /** Something has happened and all that followed at once has been handled. */
  settled(): void;
  /** Another supervisor goes on with these, and nothing has followed from it yet. */
  succeeded(records: readonly ServiceRecord[]): void;
  broken(what: string): void;
  /** Its schedule or a connection calls it. */
  called(service: string): void;
  /** It is asked for: what it needs is brought in. */
  broughtIn(service: string, byHand: boolean): void;
}
