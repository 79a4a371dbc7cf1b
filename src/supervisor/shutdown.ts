import type { Fleet } from "../core/fleet.ts";
import { isAtRest } from "../core/service-state.ts";
import { type Instant, millis, spanBetween } from "../core/units.ts";
import type { Events } from "./events.ts";
import type { ClockPort, Report } from "./ports.ts";
import type { Requests } from "./requests.ts";

/** Before this, a second request to end is taken for an echo of the first. */
const FORCE_AFTER = millis(2_000);

export interface ShutdownPorts {
  readonly fleet: Fleet;
  readonly requests: Requests;
  readonly events: Events;
  readonly clock: ClockPort;
  readonly report: Report;
  /** Nothing of any service is left, or what is left cannot be killed. Called once. */
  ended(code: number): void;
}

/** The end of the supervisor: everything is stopped, and killed if that is asked for again. */
export class Shutdown {
  readonly #ports: ShutdownPorts;
  #begun: { readonly since: Instant; readonly code: number } | null = null;
  #isOver = false;

  constructor(ports: ShutdownPorts) {
    this.#ports = ports;
  }

  get hasBegun(): boolean {
    return this.#begun !== null;
  }

  /** Stops everything in order; asked again after 2 s or more, kills what is left. */
  begin(code: number, reason: string): void {
    const { clock, report, events, requests, fleet } = this.#ports;
    const now = clock.now();
    if (this.#begun !== null) {
      if (spanBetween(this.#begun.since, now) >= FORCE_AFTER) this.kill(reason);
      return;
    }
    this.#begun = { since: now, code };
    report("notice", `shutting down: ${reason}`);
    events.emit({ service: null, event: "shutdown", state: null, previous: null, pid: null, message: reason });
    for (const service of this.#services()) {
      requests.overtake(service, "shutdown");
      fleet.post(service, { tag: "stop-asked" });
    }
  }

  /** Kills everything at once. */
  kill(reason: string): void {
    const { clock, report, fleet } = this.#ports;
    this.#begun ??= { since: clock.now(), code: 0 };
    report("warning", `killing everything: ${reason}`);
    for (const service of this.#services()) fleet.post(service, { tag: "kill-asked" });
  }

  /** Looks whether it is over. */
  look(): void {
    if (this.#begun === null || this.#isOver) return;
    for (const { state } of this.#ports.fleet.records()) if (!isAtRest(state) && state.tag !== "stuck") return;
    this.#isOver = true;
    this.#ports.ended(this.#begun.code);
  }

  #services(): readonly string[] {
    return [...this.#ports.fleet.records()].map((record) => record.definition.name);
  }
}
