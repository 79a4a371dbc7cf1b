/*
 * Health: while a service is up it is asked again and again whether it still does its work. One check at a time, each from
 * the end of the one before; what a check finds while the service reads its configuration again, or waits to be stopped, is
 * shown, but not counted. What a supervisor that is gone has counted is not known to its successor: it begins to count anew,
 * one interval later, and shows what was known until it knows better.
 */
import type { Definition } from "../core/definition.ts";
import { type HealthCount, type Health as HealthState, UNCHECKED, countCheck } from "../core/health-count.ts";
import type { HealthPolicy } from "../core/life-policies.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { mainPidOf } from "../core/service-state.ts";
import { type Instant, later, millis } from "../core/units.ts";
import type { CheckResult } from "./check-result.ts";
import type { Checks } from "./checks.ts";
import type { Companion, Tell } from "./companion.ts";
import type { Events } from "./events.ts";
import type { ClockPort, Report, TimerPort } from "./ports.ts";

export interface HealthPorts {
  readonly clock: ClockPort;
  readonly timers: TimerPort;
  readonly checks: Pick<Checks, "attempt">;
  readonly events: Pick<Events, "emit">;
  readonly report: Report;
  readonly tell: Tell;
  amend(service: string, change: { readonly health: HealthState | null }): void;
}

/** A service that is up and has checks. */
interface Watched {
  record: ServiceRecord;
  readonly policy: HealthPolicy;
  readonly upSince: Instant;
  count: HealthCount;
  /** true: it was to be spared at some moment of the check that is going on. */
  isDisturbed: boolean;
  /** Ends the check that is going on, or the pause before the next. */
  cancel: () => void;
}

/** For so long after SIGHUP was passed on to it, a service is taken to be reading its configuration. */
const RELAY_GRACE = millis(5_000);

export class Health implements Companion {
  readonly #ports: HealthPorts;
  readonly #watched = new Map<string, Watched>();
  readonly #last = new Map<string, CheckResult>();

  constructor(ports: HealthPorts) {
    this.#ports = ports;
  }

  /** What the last check of the service has found, kept until its next run is up; null: there was none. */
  lastOf(service: string): CheckResult | null {
    return this.#last.get(service) ?? null;
  }

  concerns({ health }: Definition): boolean {
    return health !== null;
  }

  changed(record: ServiceRecord): void {
    const { name, health } = record.definition;
    const watched = this.#watched.get(name);
    if (record.state.tag !== "up" || health === null) {
      this.#end(name);
      if (record.state.tag === "up" && record.health !== null) this.#forget(name);
      return;
    }
    if (watched === undefined) return this.#begin(record, health);
    watched.record = record;
    watched.isDisturbed ||= this.#isSpared(watched);
    if (!isSame(watched.policy, health)) this.#adjust(watched, health);
  }

  adopted(record: ServiceRecord): void {
    const { name, health: policy } = record.definition;
    if (record.state.tag !== "up" || policy === null) return;
    const { clock } = this.#ports;
    const upSince = later(clock.now(), millis(Math.min(0, record.since - clock.wall())));
    const watched = { record, policy, upSince, count: UNCHECKED, isDisturbed: false, cancel: () => {} };
    this.#watched.set(name, watched);
    this.#pause(watched);
  }

  forgotten(service: string): void {
    this.#end(service);
    this.#last.delete(service);
  }

  close(): void {
    for (const service of [...this.#watched.keys()]) this.#end(service);
  }

  #begin(record: ServiceRecord, policy: HealthPolicy): void {
    const upSince = this.#ports.clock.now();
    this.#last.delete(record.definition.name);
    const watched = { record, policy, upSince, count: UNCHECKED, isDisturbed: false, cancel: () => {} };
    this.#watched.set(record.definition.name, watched);
    // At once where that can do no harm: it has said that it is ready, or is not held to it yet.
    const mayBeAtOnce = record.definition.ready !== null || policy.startPeriod > 0;
    this.#later(watched, () => {
      this.#ports.amend(record.definition.name, { health: "starting" });
      if (mayBeAtOnce) this.#check(watched);
      else this.#pause(watched);
    });
  }

  /** Another policy counts at once, from now on; what has been found stays so unless something else is asked. */
  #adjust(before: Watched, policy: HealthPolicy): void {
    before.cancel();
    const isSameCheck = isSame(before.policy.check, policy.check);
    const { record, upSince, count } = before;
    const { name } = record.definition;
    const watched = { record, policy, upSince, count: isSameCheck ? count : UNCHECKED, isDisturbed: false };
    const next: Watched = { ...watched, cancel: () => {} };
    this.#watched.set(name, next);
    this.#later(next, () => {
      if (!isSameCheck) this.#ports.amend(name, { health: "starting" });
      this.#check(next);
    });
  }

  /** In a later turn, as what happens within a step of the fleet must not begin another. */
  #later(watched: Watched, run: () => void): void {
    let isOff = false;
    watched.cancel = () => (isOff = true);
    this.#ports.timers.soon(() => {
      if (!isOff) run();
    });
  }

  #pause(watched: Watched): void {
    watched.cancel = this.#ports.timers.after(watched.policy.interval, () => this.#check(watched));
  }

  #check(watched: Watched): void {
    const { record, policy } = watched;
    const { definition, state } = record;
    watched.isDisturbed = this.#isSpared(watched);
    const request = { definition, check: policy.check, mainPid: mainPidOf(state) ?? 0, timeout: policy.timeout };
    watched.cancel = this.#ports.checks.attempt(request, (result) => {
      this.#last.set(definition.name, result);
      this.#pause(watched);
      if (!watched.isDisturbed) this.#count(watched, result);
    });
  }

  #count(watched: Watched, result: CheckResult): void {
    const { policy, upSince } = watched;
    const before = watched.count.health;
    const isLenient = this.#ports.clock.now() < later(upSince, policy.startPeriod);
    watched.count = countCheck(watched.count, result.ok, { ...policy, isLenient });
    const { health } = watched.count;
    if (health === before) return;
    const isAgain = (watched.record.health ?? before) === "unhealthy";
    this.#ports.amend(watched.record.definition.name, { health });
    if (health === "unhealthy") this.#tellUnhealthy(watched, result);
    else this.#tellHealthy(watched, isAgain);
  }

  #tellUnhealthy({ record, policy, count }: Watched, { detail }: CheckResult): void {
    const service = record.definition.name;
    const times = count.failed === 1 ? "" : ` (${count.failed} checks in a row have failed)`;
    const reason = `unhealthy: ${detail}${times}`;
    this.#ports.report("warning", `${service}: ${reason}`);
    this.#emit(record, reason);
    if (policy.action !== "report") this.#ports.tell(service, { tag: "unhealthy", action: policy.action, reason });
  }

  #tellHealthy({ record }: Watched, isAgain: boolean): void {
    const message = isAgain ? "healthy again" : "healthy";
    this.#ports.report(isAgain ? "notice" : "debug", `${record.definition.name}: ${message}`);
    this.#emit(record, message);
  }

  #emit(record: ServiceRecord, message: string): void {
    const service = record.definition.name;
    const pid = mainPidOf(record.state);
    this.#ports.events.emit({ service, event: "health", state: null, previous: null, pid, message });
  }

  /** true: it is busy with something else than its work, and about to stop or to come back to it. */
  #isSpared({ record }: Watched): boolean {
    const { state, reloading, held } = record;
    if (reloading || held !== null) return true;
    return (
      state.tag === "up" && state.relayedAt !== null && this.#ports.clock.now() < later(state.relayedAt, RELAY_GRACE)
    );
  }

  #end(service: string): void {
    this.#watched.get(service)?.cancel();
    this.#watched.delete(service);
  }

  /** Its checks were taken out of its definition. */
  #forget(service: string): void {
    this.#last.delete(service);
    this.#ports.timers.soon(() => {
      if (!this.#watched.has(service)) this.#ports.amend(service, { health: null });
    });
  }
}

/** Both come out of the same mould: their keys are in the same order. */
function isSame(left: object, right: object): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
