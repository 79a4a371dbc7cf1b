/*
 * How long services took the last time they were started: from when they were asked to until they were up (a oneshot: until
 * it had ended well). An automatic restart is part of the start that it makes up for, and otherwise no start at all.
 */
import type { ServiceRecord } from "./service-record.ts";
import { type ServiceState, isEnding } from "./service-state.ts";
import type { Instant } from "./units.ts";

export interface StartTime {
  readonly askedAt: Instant;
  /** When nothing was in its way any more; null: something still is. */
  readonly begunAt: Instant | null;
  /** null: not yet, or it did not come to that. */
  readonly upAt: Instant | null;
  /** true: its schedule or a connection has started it. */
  readonly isCalled: boolean;
}

/** One entry for each service. */
export class StartTimes {
  readonly #times = new Map<string, StartTime>();
  /** When a service that is at rest became wanted: its turn may come later. */
  readonly #wanted = new Map<string, Instant>();

  of(service: string): StartTime | null {
    return this.#times.get(service) ?? null;
  }

  /** To be told of every change of a record. */
  changed(record: ServiceRecord, previous: ServiceRecord, now: Instant): void {
    const { name } = record.definition;
    const { state } = record;
    if (record.want !== previous.want) {
      if (record.want === "up" && !isOnItsWay(state)) this.wanted(name, now);
      else this.#wanted.delete(name);
    }
    if (state === previous.state) return;
    if (isOnItsWay(state) && !isOnItsWay(previous.state)) this.#begin(record, previous.state, now);
    this.#goOn(name, state, now);
    // One that is still being ended has its turn after that.
    if (!isEnding(state)) this.#wanted.delete(name);
  }

  /** The service is at rest, and wanted from now on. */
  wanted(service: string, now: Instant): void {
    this.#wanted.set(service, now);
  }

  forget(service: string): void {
    this.#times.delete(service);
    this.#wanted.delete(service);
  }

  #begin({ definition: { name }, state }: ServiceRecord, previous: ServiceState, now: Instant): void {
    if ("automatic" in state && state.automatic) return;
    const askedAt = this.#wanted.get(name) ?? now;
    const isCalled = previous.tag === "waiting" && previous.on !== "others";
    this.#times.set(name, { askedAt, begunAt: null, upAt: null, isCalled });
  }

  #goOn(name: string, state: ServiceState, now: Instant): void {
    const time = this.#times.get(name);
    if (time === undefined || time.upAt !== null) return;
    const isUp = state.tag === "up" || state.tag === "done" || isCalm(state);
    if (!isUp && !isAtWork(state)) return;
    this.#times.set(name, { ...time, begunAt: time.begunAt ?? now, upAt: isUp ? now : null });
  }
}

/** true: it is being started, or waits for others to be. */
function isOnItsWay(state: ServiceState): boolean {
  return isAtWork(state) || (state.tag === "waiting" && state.on === "others");
}

function isAtWork({ tag }: ServiceState): boolean {
  return tag === "preparing" || tag === "launching" || tag === "execing" || tag === "starting" || tag === "naming";
}

/** A run that its schedule or a connection had started is over, and was a success. */
function isCalm(state: ServiceState): boolean {
  return state.tag === "waiting" && state.on !== "others" && state.reason === "";
}
