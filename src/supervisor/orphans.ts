/*
 * Processes whose parents have died and that were handed to this process: each came out of one of its services, but out of
 * which one has to be found out. A session has one origin, so what is known of one process of it is known of all; else
 * what was known of the process before tells, or at last its environment, which only decides between the services.
 *
 * An orphan holds the number of its session until this process reaps it. Therefore new orphans are met before the last one
 * known of a session is reaped: a program that lives on by forking again and again, each process for a moment only, is
 * never lost sight of, and no number is taken for what it meant before.
 */
import type { ProcessPort, ProcessRow } from "./ports.ts";
import { isEnded } from "./process-snapshot.ts";

export interface OrphanPorts extends Pick<ProcessPort, "row" | "environment"> {
  /** The service that has claimed this session. */
  serviceOfSession(number: number): string | null;
  /** The service of which this process is known already. */
  serviceOfKnown(row: ProcessRow): string | null;
  /** The service that has this run. */
  serviceOfRun(service: string, invocation: string): string | null;
  /** Hears of a live orphan whose service cannot be told, once for each session. */
  unattributed(orphan: ProcessRow): void;
}

/** What is known of a session that orphans are in. */
interface Session {
  readonly number: number;
  service: string | null;
  /** true: nothing will change what is known. */
  isSettled: boolean;
  isTold: boolean;
  /** Orphans of it that are not reaped yet. */
  readonly pids: Set<number>;
}

/** While something forks as fast as it can be looked at. */
const MOST_MEETINGS = 20;
/** In the middle of an exec a process shows no environment for a moment. */
const MOST_READINGS = 50;

export class Orphans {
  readonly #ports: OrphanPorts;
  readonly #sessionOf = new Map<number, Session>();
  readonly #sessions = new Map<number, Session>();

  constructor(ports: OrphanPorts) {
    this.#ports = ports;
  }

  /** Looks at the orphans that are not known yet, until there are no new ones. */
  meet(orphansNow: () => readonly number[]): void {
    for (let meeting = 0; meeting < MOST_MEETINGS; meeting++) {
      const strangers = orphansNow().filter((pid) => !this.#sessionOf.has(pid));
      if (strangers.length === 0) return;
      for (const pid of strangers) {
        const row = this.#ports.row(pid);
        if (row !== null) this.serviceOf(row);
      }
    }
  }

  /** The service of this orphan; null if it cannot be told, or is no longer the service's concern. */
  serviceOf(orphan: ProcessRow): string | null {
    const known = this.#sessionOf.get(orphan.pid);
    if (known !== undefined) return known.service;
    const session = this.#admit(orphan);
    if (session.isSettled) return session.service;
    session.service = this.#attribute(orphan);
    session.isSettled = session.service !== null;
    if (!session.isSettled && !session.isTold && !isEnded(orphan)) {
      session.isTold = true;
      this.#ports.unattributed(orphan);
    }
    return session.service;
  }

  /** false if this orphan is known not to belong to the service. */
  mayBelongTo(service: string, pid: number): boolean {
    const session = this.#sessionOf.get(pid);
    return session === undefined || session.service === service;
  }

  /** true if this orphan is the last one known that holds the number of a service's session. */
  isLastHolder(pid: number): boolean {
    const session = this.#sessionOf.get(pid);
    return session !== undefined && session.service !== null && session.pids.size === 1;
  }

  /** The service no longer cares for what it has left. */
  release(service: string): void {
    for (const session of this.#sessions.values()) if (session.service === service) session.service = null;
  }

  /** It was reaped: its number means nothing any more. */
  forget(pid: number): void {
    const session = this.#sessionOf.get(pid);
    if (session === undefined) return;
    this.#sessionOf.delete(pid);
    session.pids.delete(pid);
    if (session.pids.size === 0) this.#sessions.delete(session.number);
  }

  #admit(orphan: ProcessRow): Session {
    const session = this.#sessions.get(orphan.session) ?? {
      number: orphan.session,
      service: null,
      isSettled: false,
      isTold: false,
      pids: new Set(),
    };
    this.#sessions.set(orphan.session, session);
    this.#sessionOf.set(orphan.pid, session);
    session.pids.add(orphan.pid);
    return session;
  }

  #attribute(orphan: ProcessRow): string | null {
    const known = this.#ports.serviceOfSession(orphan.session) ?? this.#ports.serviceOfKnown(orphan);
    if (known !== null || isEnded(orphan)) return known;
    const environment = this.#environmentOf(orphan.pid);
    const [service, invocation] = [environment?.get("DAEMONSUP_SERVICE"), environment?.get("INVOCATION_ID")];
    return service === undefined || invocation === undefined ? null : this.#ports.serviceOfRun(service, invocation);
  }

  #environmentOf(pid: number): ReadonlyMap<string, string> | null {
    for (let reading = 1; ; reading++) {
      const environment = this.#ports.environment(pid);
      if (environment === null || environment.size > 0 || reading === MOST_READINGS) return environment;
    }
  }
}
