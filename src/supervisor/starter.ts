/* Which services are started when the supervisor begins or a definition is new, and when all of them have been dealt with. */
import type { Fleet } from "../core/fleet.ts";
import { isAtRest } from "../core/service-state.ts";
import type { ClockPort, ExecWait, TimerPort } from "./ports.ts";
import { isUndecided } from "./start-outcome.ts";
import { StartQueue } from "./start-queue.ts";

export interface StarterPorts {
  readonly clock: ClockPort;
  readonly timers: TimerPort;
  readonly fleet: () => Fleet;
  isEnding(): boolean;
  /** Something has happened without a change of any service. */
  lookSoon(): void;
}

export class Starter {
  readonly #ports: StarterPorts;
  readonly #queue: StartQueue;
  readonly #listeners = new Set<() => void>();

  constructor(ports: StarterPorts) {
    this.#ports = ports;
    this.#queue = new StartQueue(ports.timers, ports.clock, (service) => this.#start(service));
  }

  /** What a start of the service waits for: others that need it, or that only have their turn after it. */
  waitFor(service: string): ExecWait {
    if (this.#ports.fleet().links.isLinked(service)) return "exec";
    return this.#queue.isLong ? "none" : "program";
  }

  /** Starts the service if it is wanted: as an operator has said, or as its definition says. `unfit`: why that cannot be. */
  want(service: string, byHand: "up" | "down" | null, unfit: string | null): void {
    const fleet = this.#ports.fleet();
    const record = fleet.get(service);
    if (record === null) return;
    const want = byHand ?? ((record.next ?? record.definition).start === "auto" ? "up" : "down");
    fleet.amend(service, { want, wantedByHand: byHand !== null });
    if (want === "down" && !isAtRest(record.state)) fleet.stop(service);
    if (want === "down") return;
    // What it requires may be there to provide what is missing: that is seen when its turn comes.
    const mayBeProvided = (record.next ?? record.definition).requires.length > 0;
    if (unfit === null || mayBeProvided) this.#queue.add(service);
    else fleet.post(service, { tag: "found-unfit", reason: unfit });
  }

  /** Starts it in its turn, as it is wanted already. */
  start(service: string): void {
    this.#queue.add(service);
  }

  /** The same for one that has run: that it is to be started is noted, so that a successor which comes before its turn does it. */
  startAgain(service: string): void {
    this.#ports.fleet().amend(service, { asked: { how: "enable-asked", byHand: false } });
    this.#queue.add(service);
  }

  /** Starts nothing more. */
  clear(): void {
    this.#queue.clear();
  }

  /** Calls back once every wanted service has been started or its failure noted. */
  onSettled(listen: () => void): void {
    this.#listeners.add(listen);
    this.#ports.lookSoon();
  }

  tellSettled(): void {
    if (this.#listeners.size === 0 || !this.#queue.isEmpty) return;
    for (const record of this.#ports.fleet().records()) if (isUndecided(record)) return;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listen of listeners) listen();
  }

  #start(service: string): void {
    const fleet = this.#ports.fleet();
    if (!this.#ports.isEnding() && fleet.get(service)?.want === "up") fleet.enable(service);
    // It may run already, restarted before its turn came: then nothing changes, but one start less is waited for.
    this.#ports.lookSoon();
  }
}
