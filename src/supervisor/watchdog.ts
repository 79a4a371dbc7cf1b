/*
 * Expects pings (WATCHDOG=1) of services that are up. The time runs from when a service came up or last pinged; a service
 * that is not up yet, or is being ended, owes none. One that has outlived its supervisor is given a whole time again.
 */
import type { Definition } from "../core/definition.ts";
import { numberIn } from "../core/plain-data.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { hasNoProcess } from "../core/service-state.ts";
import { type Instant, type Millis, later, millis, spanBetween } from "../core/units.ts";
import type { Annotate, Companion, Equipment, Tell } from "./companion.ts";
import type { ClockPort, TimerPort } from "./ports.ts";
import type { PingListener } from "./run-speech.ts";

export interface WatchdogPorts {
  readonly clock: Pick<ClockPort, "now">;
  readonly timers: Pick<TimerPort, "after">;
  readonly tell: Tell;
  readonly annotate: Annotate;
  record(service: string): ServiceRecord | null;
  /** Hears what the service has said and nobody has read yet. */
  settle(service: string): void;
}

interface Watch {
  timeout: Millis;
  due: Instant;
  /** When the timer comes, which may be before it is due: a ping does not move it. */
  timerAt: Instant;
  cancel: () => void;
}

/** Under this it is written down what a service has asked for; null: no pings. */
const ASKED = "watchdog";

export class Watchdog implements Companion, PingListener {
  readonly #ports: WatchdogPorts;
  readonly #watches = new Map<string, Watch>();
  /** What services have asked for themselves, for as long as they run. */
  readonly #asked = new Map<string, Millis>();

  constructor(ports: WatchdogPorts) {
    this.#ports = ports;
  }

  /** Whoever is heard may ask for a time limit by itself. */
  concerns({ watchdog, notifyAccess }: Definition): boolean {
    return watchdog !== null || notifyAccess !== "none";
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    const service = record.definition.name;
    if (hasNoProcess(record.state)) this.#unask(service);
    if (record.state.tag !== "up") return this.#end(service);
    const isNew = previous.state.tag !== "up";
    if (isNew || record.definition.watchdog?.timeout !== previous.definition.watchdog?.timeout) this.#begin(record);
  }

  adopted(record: ServiceRecord): void {
    const asked = record.beside[ASKED];
    const { name } = record.definition;
    if (asked !== undefined) this.#asked.set(name, millis(numberIn(asked, "timeout") ?? Infinity));
    if (record.state.tag === "up") this.#begin(record);
  }

  equip({ name, watchdog }: Definition): Equipment {
    this.#unask(name);
    // Without WATCHDOG_PID: its absence means whoever reads it (sd_watchdog_enabled(3)).
    const env: Readonly<Record<string, string>> =
      watchdog === null ? {} : { WATCHDOG_USEC: String(watchdog.timeout * 1000) };
    return { env, descriptors: [] };
  }

  forgotten(service: string): void {
    this.#asked.delete(service);
    this.#end(service);
  }

  close(): void {
    for (const service of [...this.#watches.keys()]) this.#end(service);
  }

  pinged(service: string): void {
    const watch = this.#watches.get(service);
    if (watch !== undefined) watch.due = later(this.#ports.clock.now(), watch.timeout);
  }

  /** It wants to be treated as if it had missed a ping; for this no timeout is needed. */
  triggered(service: string): void {
    this.#ports.tell(service, { tag: "watchdog-missed", timeout: null });
  }

  timeoutChanged(service: string, timeout: Millis): void {
    this.#asked.set(service, timeout);
    this.#ports.annotate(service, ASKED, { timeout: timeout === Infinity ? null : timeout });
    const record = this.#ports.record(service);
    if (record?.state.tag === "up") this.#begin(record);
  }

  #unask(service: string): void {
    if (this.#asked.delete(service)) this.#ports.annotate(service, ASKED, null);
  }

  #begin({ definition }: ServiceRecord): void {
    const service = definition.name;
    this.#end(service);
    const timeout = this.#asked.get(service) ?? definition.watchdog?.timeout ?? millis(Infinity);
    if (timeout === Infinity) return;
    const due = later(this.#ports.clock.now(), timeout);
    const watch: Watch = { timeout, due, timerAt: due, cancel: () => {} };
    this.#watches.set(service, watch);
    this.#arm(service, watch);
  }

  #arm(service: string, watch: Watch): void {
    watch.timerAt = watch.due;
    const wait = millis(Math.max(0, spanBetween(this.#ports.clock.now(), watch.due)));
    watch.cancel = this.#ports.timers.after(wait, () => this.#look(service, watch));
  }

  #look(service: string, watch: Watch): void {
    // If this process was held up itself, pings may be waiting to be heard.
    if (watch.due <= watch.timerAt) this.#ports.settle(service);
    if (this.#watches.get(service) !== watch) return;
    if (watch.due > watch.timerAt) return this.#arm(service, watch);
    this.#watches.delete(service);
    this.#ports.tell(service, { tag: "watchdog-missed", timeout: watch.timeout });
  }

  #end(service: string): void {
    this.#watches.get(service)?.cancel();
    this.#watches.delete(service);
  }
}
