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

export interface OrphanPorts {
  readonly processes: Pick<ProcessPort, "row" | "environment" | "knowChild" | "seesAll">;
  /** Children of this process that it has not made, and that have not been met. */
  strangers(): readonly number[];
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
  /** null: not known, or it no longer cares for what is left of it. */
  service: string | null;
  /**
   * known: it will not change. silent: all that was seen of it has ended, and what has ended has no environment. open: it may
   * be told in a moment, for in the middle of an exec or an exit a process shows none. given-up: by those seen, it cannot be told.
   */
  verdict: "known" | "silent" | "open" | "given-up";
  retries: number;
  isReported: boolean;
  /** Orphans of it that are not reaped yet. */
  readonly pids: Set<number>;
}

/** While something forks as fast as it can be looked at. */
const MOST_MEETINGS = 20;
/** An exec that takes longer, in retries, is none. */
const MOST_RETRIES = 40;

export class Orphans {
  readonly #ports: OrphanPorts;
  readonly #sessionOf = new Map<number, Session>();
  readonly #sessions = new Map<number, Session>();
  /** Children that had ended when orphans were last met: none that they have left is unknown. */
  readonly #metOf = new Set<number>();

  constructor(ports: OrphanPorts) {
    this.#ports = ports;
  }

  /**
   * Looks at the orphans that are not known yet; again at once if some of them had ended before it could be told whose. false
   * if there may be some that are not known all the same.
   */
  meet(): boolean {
    for (let meeting = 0; meeting < MOST_MEETINGS; meeting++) {
      const strangers = this.#ports.strangers();
      for (const pid of strangers) this.#look(pid);
      if (!strangers.some((pid) => this.#sessionOf.get(pid)?.verdict === "silent"))
        return strangers.every((pid) => this.knows(pid)) && this.#ports.processes.seesAll();
    }
    return false;
  }

  /** The same for what this child has left, which has ended. null: whoever it was. */
  meetOf(pid: number | null): boolean {
    return (pid !== null && this.#metOf.has(pid)) || this.meet();
  }

  /** Runs `tell`, which tells of the ends of these children; all have ended by now, so to meet their orphans once is enough. */
  whileMetOf(pids: readonly number[], tell: () => void): void {
    try {
      if (this.meet()) for (const pid of pids) this.#metOf.add(pid);
    } catch {
      // Then it is tried again for each of them, and whoever cannot be told about is looked at later.
    }
    try {
      tell();
    } finally {
      this.#metOf.clear();
    }
  }

  /** Another process has this number from now on. */
  began(pid: number): void {
    this.#metOf.delete(pid);
  }

  /** true if it is an orphan that was met, and not reaped since. */
  knows(pid: number): boolean {
    return this.#sessionOf.has(pid);
  }

  /** Every orphan that was met, and not reaped since. */
  pids(): readonly number[] {
    return [...this.#sessionOf.keys()];
  }

  /** Those of them that belong to the service, or of which it may be told in a moment. */
  pidsFor(service: string): readonly number[] {
    return [...this.#sessionOf]
      .filter(([, session]) => session.verdict === "open" || session.service === service)
      .map(([pid]) => pid);
  }

  /** true while there is an orphan whose service may be told in a moment, or there may be some that cannot be seen from here. */
  get hasOpen(): boolean {
    if (!this.#ports.processes.seesAll()) return true;
    for (const session of this.#sessions.values()) if (session.verdict === "open") return true;
    return false;
  }

  /** Looks once more at those whose service may be told by now. */
  retry(): void {
    for (const session of [...this.#sessions.values()]) {
      if (session.verdict !== "open") continue;
      for (const pid of session.pids) this.#look(pid);
      session.retries++;
    }
  }

  /** The service of this orphan; null if it cannot be told, or is no longer the service's concern. */
  serviceOf(orphan: ProcessRow): string | null {
    const known = this.#sessionOf.get(orphan.pid);
    const session = known ?? this.#admit(orphan);
    if (known === undefined || session.verdict === "open") this.#attribute(session, orphan);
    return session.service;
  }

  /** false if this orphan is known not to belong to the service. */
  mayBelongTo(service: string, pid: number): boolean {
    const session = this.#sessionOf.get(pid);
    return session === undefined || session.verdict === "open" || session.service === service;
  }

  /** true if this orphan is the last one known that holds the number of a session of which something is known. */
  isLastHolder(pid: number): boolean {
    const session = this.#sessionOf.get(pid);
    return session !== undefined && session.verdict !== "silent" && session.pids.size === 1;
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

  #look(pid: number): void {
    const row = this.#ports.processes.row(pid);
    if (row !== null) this.serviceOf(row);
  }

  #admit(orphan: ProcessRow): Session {
    const { pid, session: number } = orphan;
    const session: Session = this.#sessions.get(number) ?? {
      number,
      service: null,
      verdict: "silent",
      retries: 0,
      isReported: false,
      pids: new Set(),
    };
    this.#sessions.set(number, session);
    this.#sessionOf.set(pid, session);
    this.#ports.processes.knowChild(pid);
    session.pids.add(pid);
    return session;
  }

  #attribute(session: Session, orphan: ProcessRow): void {
    if (session.verdict === "known") return;
    session.service = this.#ports.serviceOfSession(orphan.session) ?? this.#ports.serviceOfKnown(orphan);
    if (session.service === null) this.#readEnvironment(session, orphan.pid);
    if (session.service !== null) session.verdict = "known";
    if (session.verdict !== "given-up" || session.isReported) return;
    session.isReported = true;
    this.#ports.unattributed(orphan);
  }

  #readEnvironment(session: Session, pid: number): void {
    const environment = this.#ports.processes.environment(pid);
    session.service = this.#serviceIn(environment);
    // Looked at after the reading: what had ended by then has shown nothing for that reason alone.
    const row = this.#ports.processes.row(pid);
    if (session.service !== null || row === null || isEnded(row)) return;
    const showsNothing = environment === null || environment.size === 0;
    session.verdict = showsNothing && session.retries < MOST_RETRIES ? "open" : "given-up";
  }

  #serviceIn(environment: ReadonlyMap<string, string> | null): string | null {
    const [service, invocation] = [environment?.get("DAEMONSUP_SERVICE"), environment?.get("INVOCATION_ID")];
    return service === undefined || invocation === undefined ? null : this.#ports.serviceOfRun(service, invocation);
  }
}
