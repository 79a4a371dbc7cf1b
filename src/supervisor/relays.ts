import type { Fleet } from "../core/fleet.ts";
import type { Events } from "./events.ts";
import type { Report } from "./ports.ts";
import type { RelayResult } from "./relay.ts";

/** What became of each service's [reload]: told in the log and the events, and to whoever asked for it. */
export class Relays {
  readonly #events: Events;
  readonly #report: Report;
  readonly #onSignal = new Map<string, (result: RelayResult) => void>();
  readonly #onCommand = new Map<string, (failure: string | null) => void>();

  constructor(events: Events, report: Report) {
    this.#events = events;
    this.#report = report;
  }

  /** Has the service do its [reload]; `listen` hears, before this returns, what became of passing a signal on. */
  ask(fleet: Fleet, service: string, listen: (result: RelayResult) => void): void {
    this.#onSignal.set(service, listen);
    fleet.post(service, { tag: "reload-asked" });
    this.#onSignal.delete(service);
  }

  /** Hears of the end of the next [reload] command: null, or why it failed. */
  awaitCommand(service: string, listen: (failure: string | null) => void): void {
    this.#onCommand.set(service, listen);
  }

  signalled(service: string, result: RelayResult): void {
    const isSent = result.tag === "sent";
    const message = isSent ? `relayed ${result.signal} to pid ${result.pid}` : `not relayed: ${result.reason}`;
    this.#report("debug", `${service}: ${message}`);
    this.#tell(service, isSent ? result.pid : null, message);
    this.#onSignal.get(service)?.(result);
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
