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
  /** null: not needed, as it is a child of this process, whose number is its own until it is reaped. */
  readonly startTicks: number | null;
  readonly pidfd: number | null;
}

export interface Beginning {
  readonly service: string;
  readonly invocation: string;
  readonly pid: number;
  readonly pidfd: number | null;
}

/** The process tree of one turn of the loop. */
interface Look {
  readonly snapshot: ProcessSnapshot;
  /** The children of this process by the service that they belong to. */
  readonly roots: ReadonlyMap<string, readonly ProcessRow[]>;
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
  #look: Look | null = null;

  constructor(ports: ProcessPort, soon: TimerPort["soon"]) {
    this.#ports = ports;
    this.#soon = soon;
  }

  /** A new run begins with this main process. */
  began(beginning: Beginning): void {
    const run = this.#open(beginning.service, beginning.invocation, false);
    run.main = { pid: beginning.pid, startTicks: null, pidfd: beginning.pidfd };
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
    this.#look = null;
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
      if (run.others.has(row.pid)) continue;
      const { pid, startTicks } = row;
      run.others.set(pid, { pid, startTicks, pidfd: this.#ports.openPidfd(pid) });
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
    this.#signalEverything(service, [SIGNAL_NUMBERS[signal], SIGNAL_NUMBERS.SIGCONT]);
  }

  /** To everything of the service; again until nothing new turns up, as a process may fork while it is being killed. */
  killAll(service: string): void {
    let before = 0;
    for (let round = 0; round < MOST_KILL_ROUNDS; round++) {
      const others = this.#signalEverything(service, [SIGNAL_NUMBERS.SIGKILL]);
      if (others <= before) return;
      before = others;
      this.#look = null;
    }
  }

  /** Tells whether this live process may become the main process of the service: it is its own, and no other service's. */
  isMember(service: string, pid: number): boolean {
    this.#look = null;
    return this.survivors(service).some((row) => row.pid === pid);
  }

  /** Returns how many processes of the service there are beside the main one. */
  #signalEverything(service: string, signals: readonly number[]): number {
    const run = this.#runs.get(service);
    if (run === undefined) return 0;
    const others = this.survivors(service);
    const main = run.main;
    const mainRow = main === null ? null : (this.#takeLook().snapshot.get(main.pid) ?? null);
    const groups = this.#groupsHeld(run, mainRow === null ? others : [mainRow, ...others]);
    const alone = others.filter((row) => !groups.has(row.group)).map((row) => run.others.get(row.pid)?.pidfd ?? null);
    const mainAlone = main !== null && (mainRow === null || !groups.has(mainRow.group)) ? [main.pidfd] : [];
    for (const signal of signals) {
      for (const group of groups) this.#ports.signalGroup(group, signal);
      for (const pidfd of [...mainAlone, ...alone]) if (pidfd !== null) this.#ports.signal(pidfd, signal);
    }
    return others.length;
  }

  /** Groups that are the run's own and that a process of it holds at this moment, so that the number cannot mean another. */
  #groupsHeld(run: Run, rows: readonly ProcessRow[]): ReadonlySet<number> {
    const isOwn = (group: number): boolean =>
      group > 1 && run.numbers.has(group) && this.#serviceOfNumber.get(group) === run.service;
    return new Set(rows.map((row) => row.group).filter(isOwn));
  }

  #membersOf(run: Run): readonly ProcessRow[] {
    const { snapshot, roots } = this.#takeLook();
    const seeds = run.isForeign ? this.#foreignSeeds(run, snapshot) : (roots.get(run.service) ?? []);
    return snapshot.closure(seeds).filter((row) => row.pid !== run.main?.pid && !isEnded(row));
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

  #takeLook(): Look {
    if (this.#look !== null) return this.#look;
    // Good for one turn of the loop, so that stopping a thousand services looks at the machine once.
    this.#soon(() => (this.#look = null));
    const snapshot = new ProcessSnapshot(this.#ports.table());
    const roots = new Map<string, ProcessRow[]>();
    for (const child of snapshot.childrenOf(this.#ports.ownPid)) {
      const service = this.#serviceOfRoot(child);
      if (service !== null) roots.set(service, [...(roots.get(service) ?? []), child]);
    }
    this.#look = { snapshot, roots };
    return this.#look;
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
