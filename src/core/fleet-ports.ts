import type { ServiceAction, ServiceEvent } from "./service-event.ts";
import type { ServiceRecord } from "./service-record.ts";
import type { Instant, WallTime } from "./units.ts";

/** What the fleet needs from outside. */
export interface FleetPorts {
  now(): Instant;
  wall(): WallTime;
  /** A number from 0 to 1. */
  jitter(): number;
  /** Carries an action out. An event that follows at once is returned and is handled before any other. */
  perform(record: ServiceRecord, action: ServiceAction): ServiceEvent | null;
  /**
   * Called for each change of a record, before anything follows from it. `actions`: what is to be done about it next, until
   * `performed` is called; null: it is no step that has changed it.
   */
  changed(record: ServiceRecord, previous: ServiceRecord, actions: readonly ServiceAction[] | null): void;
  /** What was to be done about the last step of the service has been done. */
  performed(service: string): void;
  /** Something beside the record has been written down; it says all that is known of the service by now. */
  annotated(record: ServiceRecord): void;
  /** The service's record is gone for good. */
  forgotten(record: ServiceRecord): void;
  /** An event of the service has thrown; null: what lies between services, which is looked at again with the next event. */
  failed(service: string | null, error: unknown): void;
}
