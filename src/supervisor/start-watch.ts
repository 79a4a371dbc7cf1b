import type { ServiceRecord } from "../core/service-record.ts";
import { StartTimes } from "../core/start-times.ts";
import type { Companion } from "./companion.ts";
import type { ClockPort } from "./ports.ts";

/** Notes how long services take to start. */
export class StartWatch implements Companion {
  readonly times = new StartTimes();
  readonly #clock: ClockPort;

  constructor(clock: ClockPort) {
    this.#clock = clock;
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    if (record.state === previous.state && record.want === previous.want) return;
    this.times.changed(record, previous, this.#clock.now());
  }

  /** A service to which nothing has happened yet waits for its turn. */
  awaits(service: string): void {
    this.times.wanted(service, this.#clock.now());
  }

  forgotten(service: string): void {
    this.times.forget(service);
  }
}
