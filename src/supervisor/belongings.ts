/*
 * Which processes belong to a service, and how they are signalled.
 *
 * A process belongs to a service if it is the main process, a descendant of it, a member of its session or group, or a
 * process found with it before. A process whose parent has died is handed to this supervisor (it is a subreaper), so
 * whatever belongs to a service hangs below one of this supervisor's own children: that child is either a main process,
 * or an orphan, which is attributed by session and group, by what was known of it, and last by the INVOCATION_ID in its
 * environment: that it came out of one of the services is certain then, the environment only says out of which.
 *
 * Numbers are reused, so a process is signalled through a pidfd, and a group only while a process is known to hold it.
 */
import { SIGNAL_NUMBERS, type SignalName } from "../core/signal-names.ts";
import type { ProcessPort, ProcessRow, TimerPort } from "./ports.ts";
import { ProcessSnapshot, isEnded } from "./process-snapshot.ts";

/** The processes of one run of a service. */
interface Run {
  readonly service: string;
  readonly invocation: string;
  main: Held | null;
  /** Session and group numbers that are this run's as long as a process holds them. */
  readonly numbers: Set<number>;
  readonly others: Map<number, Held>;
  /** true: left by a dead predecessor, so not below this process in the tree. */
  readonly isForeign: boolean;
}

interface Held {
  readonly pid: number;
  readonly startTicks: number;
  readonly pidfd: number | null;
}

export interface Beginning {
  readonly service: string;
  readonly invocation: string;
  readonly pid: number;
  readonly pidfd: number | null;
  readonly startTicks: number;
}

export class Belongings {
  readonly #ports: ProcessPort;
  readonly #soon: TimerPort["soon"];
  readonly #runs = new Map<string, Run>();
  readonly #serviceOfMain = new Map<number, string>();
  readonly #serviceOfNumber = new Map<number, string>();
  /** Children that are neither main processes nor orphans: commands at work. */
  readonly #helpers = new Set<number>();
  /** Orphans whose service is known, so that each is looked at once. */
  readonly #serviceOfOrphan = new Map<number, string | null>();
  #snapshot: ProcessSnapshot | null = null;

  constructor(ports: ProcessPort, soon: TimerPort["soon"]) {
    this.#ports = ports;
    this.#soon = soon;
  }

  /** A new run begins with this main process. */
  began(beginning: Beginning): void {
    const run = this.#open(beginning.service, beginning.invocation, false);
    run.main = { pid: beginning.pid, startTicks: beginning.startTicks, pidfd: beginning.pidfd };
    this.#serviceOfMain.set(beginning.pid, run.service);
    this.#claim(run, beginning.pid);
  }

  /** Processes that a dead predecessor left. */
  found(service: string, invocation: string, left: { rows: readonly ProcessRow[]; main: number | null }): void {
    const run = this.#open(service, invocation, true);
    for (const row of left.rows) {
      const held = { pid: row.pid, startTicks: row.startTicks, pidfd: this.#ports.openPidfd(row.pid) };
      if (row.pid === left.main) run.main = held;
      else run.others.set(row.pid, held);
    }
    if (left.main !== null) this.#claim(run, left.main);
  }

  /** Another process of the run is its main process from now on (forking). */
  named(service: string, pid: number): void {
    const run = this.#runs.get(service);
    if (run === undefined) return;
    run.main = run.others.get(pid) ?? this.#hold(pid, this.#ports.openPidfd(pid));
    run.others.delete(pid);
    this.#serviceOfMain.set(pid, service);
    const row = this.#ports.row(pid);
    if (row !== null) {
      this.#claim(run, row.group);
      this.#claim(run, row.session);
    }
  }

  serviceOfMain(pid: number): string | null {
    return this.#serviceOfMain.get(pid) ?? null;
  }

  mainOf(service: string): number | null {
    return this.#runs.get(service)?.main?.pid ?? null;
  }

  addHelper(pid: number): void {
    this.#helpers.add(pid);
  }

  /** The main process has ended and is not reaped yet. Returns how many others of the service are left. */
  mainEnded(service: string): number {
    const run = this.#runs.get(service);
    if (run === undefined) return 0;
    const main = run.main;
    run.main = null;
    const survivors = run.isForeign || this.#hasStrangers(main?.pid ?? 0) ? this.survivors(service).length : 0;
    if (main !== null) {
      this.#serviceOfMain.delete(main.pid);
      this.#release(main);
    }
    if (survivors === 0) this.over(service);
    return survivors;
  }

  /** The main process never executed; it is reaped and its pidfd closed already. */
  vanished(service: string): void {
    const run = this.#runs.get(service);
    if (run?.main == null) return;
    this.#serviceOfMain.delete(run.main.pid);
    run.main = null;
    this.over(service);
  }

  /** A child was reaped: its number means nothing any more. */
  reaped(pid: number): void {
    this.#helpers.delete(pid);
    this.#serviceOfOrphan.delete(pid);
    this.#snapshot = null;
  }

  /** The processes of the service that are alive, its main process aside; a pidfd of each is held from now on. */
  survivors(service: string): readonly ProcessRow[] {
    const run = this.#runs.get(service);
    if (run === undefined) return [];
    const rows = this.#membersOf(run);
    const alive = new Set(rows.map((row) => row.pid));
    for (const [pid, held] of run.others) {
      if (alive.has(pid)) continue;
      this.#release(held);
      run.others.delete(pid);
    }
    for (const row of rows) {
      if (!run.others.has(row.pid)) run.others.set(row.pid, this.#hold(row.pid, this.#ports.openPidfd(row.pid)));
    }
    return rows;
  }

  /** Nothing of the run is left, or what is left is no longer the service's concern. */
  over(service: string): void {
    const run = this.#runs.get(service);
    if (run === undefined) return;
    for (const held of run.others.values()) this.#release(held);
    if (run.main !== null) this.#release(run.main);
    for (const number of run.numbers)
      if (this.#serviceOfNumber.get(number) === service) this.#serviceOfNumber.delete(number);
    for (const [pid, owner] of this.#serviceOfOrphan) if (owner === service) this.#serviceOfOrphan.set(pid, null);
    this.#runs.delete(service);
  }

  /** Only to the main process; false if there is none. */
  signalMain(service: string, signal: SignalName): boolean {
    const main = this.#runs.get(service)?.main;
    return main?.pidfd != null && this.#ports.signal(main.pidfd, SIGNAL_NUMBERS[signal]).tag === "sent";
  }

  /** To everything of the service, SIGCONT after it. */
  signalAll(service: string, signal: SignalName): void {
    this.#signalEverything(service, SIGNAL_NUMBERS[signal]);
    this.#signalEverything(service, SIGNAL_NUMBERS.SIGCONT);
  }

  /** Until nothing new turns up: a process may fork while it is being killed. */
  killAll(service: string): void {
    let before = -1;
    for (let round = 0; round < MOST_KILL_ROUNDS; round++) {
      this.#snapshot = null;
      const count = this.#signalEverything(service, SIGNAL_NUMBERS.SIGKILL);
      if (count === before || count === 0) return;
      before = count;
    }
  }

  /** Tells whether this live process may become the main process of the service: it is its own, and no other service's. */
  isMember(service: string, pid: number): boolean {
    this.#snapshot = null;
    return this.survivors(service).some((row) => row.pid === pid);
  }

  #signalEverything(service: string, signal: number): number {
    const run = this.#runs.get(service);
    if (run === undefined) return 0;
    const rows = this.survivors(service);
    const signalled = new Set<number>();
    for (const group of this.#groupsHeld(run, rows)) {
      if (this.#ports.signalGroup(group, signal).tag === "sent") signalled.add(group);
    }
    const main = run.main;
    const mainGroup = main === null ? null : (this.#ports.row(main.pid)?.group ?? null);
    if (main?.pidfd != null && (mainGroup === null || !signalled.has(mainGroup)))
      this.#ports.signal(main.pidfd, signal);
    for (const row of rows) {
      const held = run.others.get(row.pid);
      if (held?.pidfd != null && !signalled.has(row.group)) this.#ports.signal(held.pidfd, signal);
    }
    return rows.length + (main === null ? 0 : 1);
  }

  /** Groups that are the run's own and that a process of it holds at this moment, so that the number cannot mean another. */
  #groupsHeld(run: Run, rows: readonly ProcessRow[]): ReadonlySet<number> {
    const groups = new Set<number>();
    const mainRow = run.main === null ? null : this.#ports.row(run.main.pid);
    for (const row of mainRow === null ? rows : [mainRow, ...rows]) {
      if (row.group > 1 && run.numbers.has(row.group) && this.#serviceOfNumber.get(row.group) === run.service)
        groups.add(row.group);
    }
    return groups;
  }

  #membersOf(run: Run): readonly ProcessRow[] {
    const snapshot = this.#takeSnapshot();
    const isMember = (root: ProcessRow): boolean => this.#serviceOfRoot(root) === run.service;
    const rows = run.isForeign
      ? snapshot.closure(this.#foreignSeeds(run, snapshot))
      : snapshot.below(this.#ports.ownPid, isMember);
    return rows.filter((row) => row.pid !== run.main?.pid && !isEnded(row));
  }

  /** Which service a child of this process belongs to. */
  #serviceOfRoot(root: ProcessRow): string | null {
    const asMain = this.#serviceOfMain.get(root.pid);
    if (asMain !== undefined) return asMain;
    if (this.#helpers.has(root.pid)) return null;
    const known = this.#serviceOfOrphan.get(root.pid);
    if (known !== undefined) return known;
    const service = this.#attribute(root);
    this.#serviceOfOrphan.set(root.pid, service);
    return service;
  }

  #attribute(orphan: ProcessRow): string | null {
    const byNumber = this.#serviceOfNumber.get(orphan.session) ?? this.#serviceOfNumber.get(orphan.group);
    if (byNumber !== undefined) return byNumber;
    for (const run of this.#runs.values()) {
      if (run.others.get(orphan.pid)?.startTicks === orphan.startTicks) return run.service;
    }
    const environment = this.#ports.environment(orphan.pid);
    const run = this.#runs.get(environment?.get("DAEMONSUP_SERVICE") ?? "");
    return run !== undefined && environment?.get("INVOCATION_ID") === run.invocation ? run.service : null;
  }

  #foreignSeeds(run: Run, snapshot: ProcessSnapshot): readonly ProcessRow[] {
    const held = run.main === null ? [...run.others.values()] : [run.main, ...run.others.values()];
    return held.flatMap((process) => {
      const row = snapshot.get(process.pid);
      return row?.startTicks === process.startTicks && !isEnded(row) ? [row] : [];
    });
  }

  /** true if any child of this process is neither a main process nor a helper: only then is a closer look needed. */
  #hasStrangers(ended: number): boolean {
    return this.#ports
      .ownChildren()
      .some((pid) => pid !== ended && !this.#serviceOfMain.has(pid) && !this.#helpers.has(pid));
  }

  #takeSnapshot(): ProcessSnapshot {
    if (this.#snapshot !== null) return this.#snapshot;
    // Good for one turn of the loop, so that stopping a thousand services looks at the machine once.
    this.#soon(() => (this.#snapshot = null));
    this.#snapshot = new ProcessSnapshot(this.#ports.table());
    return this.#snapshot;
  }

  #open(service: string, invocation: string, isForeign: boolean): Run {
    this.over(service);
    const run: Run = { service, invocation, main: null, numbers: new Set(), others: new Map(), isForeign };
    this.#runs.set(service, run);
    return run;
  }

  #claim(run: Run, number: number): void {
    run.numbers.add(number);
    this.#serviceOfNumber.set(number, run.service);
  }

  #hold(pid: number, pidfd: number | null): Held {
    return { pid, startTicks: this.#ports.row(pid)?.startTicks ?? 0, pidfd };
  }

  #release(held: Held): void {
    if (held.pidfd !== null) this.#ports.closeFd(held.pidfd);
  }
}

const MOST_KILL_ROUNDS = 20;
