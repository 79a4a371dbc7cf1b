import type { Fleet } from "../core/fleet.ts";
import type { ServiceAction, ServiceEvent } from "../core/service-event.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import type { Belongings } from "./belongings.ts";
import type { Events } from "./events.ts";
import type { Guard } from "./guard.ts";
import type { ProcessPort, Report } from "./ports.ts";
import { type RelayPorts, type RelayResult, relaySignal } from "./relay.ts";

type Relay = Extract<ServiceAction, { tag: "relay" }>;

interface RelaysPorts {
  readonly report: Report;
  readonly guard: Guard;
  readonly processes: Pick<ProcessPort, "catchesSignal">;
  readonly belongings: Pick<Belongings, "signalMain">;
}

interface Held {
  readonly record: ServiceRecord;
  readonly relay: Relay;
}

/** What became of each service's [reload]: told in the log and the events, and to whoever asked for it. */
export class Relays {
  readonly #events: Events;
  readonly #report: Report;
  readonly #guard: Guard;
  readonly #ports: RelayPorts;
  readonly #onCommand = new Map<string, (failure: string | null) => void>();
  /** Signals that are passed on together, in a moment; null: each at once. */
  #held: Held[] | null = null;

  constructor(events: Events, { report, guard, processes, belongings }: RelaysPorts) {
    this.#events = events;
    this.#report = report;
    this.#guard = guard;
    this.#ports = {
      catchesSignal: (pid, signal) => processes.catchesSignal(pid, signal),
      signalMain: (service, signal) => belongings.signalMain(service, signal),
    };
  }

  /**
   * Has each of the services do its [reload]; `listen` hears, before this returns, what became of passing signals on. All are
   * passed on before anything is told or written down of the first: that takes several times as long.
   */
  ask(
    fleet: Pick<Fleet, "post" | "together">,
    services: readonly string[],
    listen: (service: string, result: RelayResult) => void,
  ): void {
    const held: Held[] = [];
    this.#held = held;
    try {
      fleet.together(() => services.forEach((service) => fleet.post(service, { tag: "reload-asked" })));
    } finally {
      this.#held = null;
    }
    const passed: (readonly [service: string, result: RelayResult])[] = [];
    for (const { record, relay } of held) {
      const service = record.definition.name;
      this.#guard.run(service, () => passed.push([service, relaySignal(record, relay, this.#ports)]));
    }
    fleet.together(() => {
      for (const [service, result] of passed) {
        const event = this.#signalled(service, result);
        if (event !== null) fleet.post(service, event);
        listen(service, result);
      }
    });
  }

  /** Passes the reload signal on, or holds it for a moment; returns what follows of it for the service. */
  pass(record: ServiceRecord, relay: Relay): ServiceEvent | null {
    if (this.#held === null) return this.#signalled(record.definition.name, relaySignal(record, relay, this.#ports));
    this.#held.push({ record, relay });
    return null;
  }

  /** Hears of the end of the next [reload] command: null, or why it failed. */
  awaitCommand(service: string, listen: (failure: string | null) => void): void {
    this.#onCommand.set(service, listen);
  }

  #signalled(service: string, result: RelayResult): ServiceEvent | null {
    const isSent = result.tag === "sent";
    const message = isSent ? `relayed ${result.signal} to pid ${result.pid}` : `not relayed: ${result.reason}`;
    this.#report("debug", `${service}: ${message}`);
    this.#tell(service, isSent ? result.pid : null, message);
    return isSent ? { tag: "relayed" } : null;
  }

  commandEnded(service: string, failure: string | null): void {
    const message = failure === null ? "reload.command succeeded" : `reload.command: ${failure}`;
    this.#report(failure === null ? "info" : "warning", `${service}: ${message}`);
    this.#tell(service, null, message);
    this.#onCommand.get(service)?.(failure);
    this.#onCommand.delete(service);
  }

  #tell(service: string, pid: number | null, message: string): void {
    this.#events.emit({ service, event: "relay", state: null, previous: null, pid, message });
  }
}
