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
  /** Called after each step that changed a record. */
  changed(record: ServiceRecord, previous: ServiceRecord): void;
  /** Something beside the record has been written down; it says all that is known of the service by now. */
  annotated(record: ServiceRecord): void;
  /** The service's record is gone for good. */
  forgotten(record: ServiceRecord): void;
  /** An event of the service has thrown; null: what lies between services, which is looked at again with the next event. */
  failed(service: string | null, error: unknown): void;
}
