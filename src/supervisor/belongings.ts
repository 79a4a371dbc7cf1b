/*
 * Which processes belong to a service, and how they are signalled.
 * A process belongs to a service if it is the main process, a descendant of it, a member of its session, or a process found
 * with it before. This supervisor is a subreaper, so whatever belongs to a service hangs below one of its own children:
 * that is either a main process or an orphan. Numbers are reused, so a process is signalled through a pidfd, and a group
 * only while a process is known to hold it.
 */
import { SIGNAL_NUMBERS, type SignalName } from "../core/signal-names.ts";
import { KnownChildren } from "./known-children.ts";
import { Numbers } from "./numbers.ts";
import { Orphans } from "./orphans.ts";
import type { ProcessPort, ProcessRow, TimerPort } from "./ports.ts";
import { type Look, Looks } from "./look.ts";
import type { Leftover } from "./predecessor.ts";
import { isEnded } from "./process-snapshot.ts";
import {
  type Beginning,
  type Held,
  type Run,
  changeMain,
  holdLeftover,
  holdOthers,
  holdProcess,
  isHeld,
  membersIn,
  mustWait,
  newRun,
  release,
  releaseAll,
  signalHeld,
} from "./run.ts";
import { type Scene, repeatUntilNobodyIsNew, signalLate, signalRun } from "./signal-run.ts";

export class Belongings {
  readonly #ports: ProcessPort;
  readonly #runs = new Map<string, Run>();
  readonly #numbers = new Numbers();
  readonly #children: KnownChildren;
  readonly orphans: Orphans;
  readonly #looks: Looks;

  /** `unattributed` hears of orphans that came out of a service of which it cannot be told which one. */
  constructor(ports: ProcessPort, soon: TimerPort["soon"], unattributed: (orphan: ProcessRow) => void) {
    this.#ports = ports;
    this.#children = new KnownChildren(ports);
    const serviceOf = (child: ProcessRow): string | null => this.#children.serviceOf(child, this.orphans);
    this.#looks = new Looks({ processes: ports, soon, serviceOf });
    this.orphans = new Orphans({
      processes: ports,
      strangers: () => this.#children.strangers(),
      serviceOfSession: (number) => this.#numbers.serviceOf(number),
      serviceOfKnown: (row) => this.#runs.values().find((run) => isHeld(run, row))?.service ?? null,
      serviceOfRun: (service, invocation) => (this.invocationOf(service) === invocation ? service : null),
      unattributed,
    });
  }

  /** A new run begins with this main process. */
  began(beginning: Beginning): void {
    const run = this.#open(beginning.service, beginning.invocation, false);
    run.main = { pid: beginning.pid, startTicks: null, pidfd: beginning.pidfd };
    this.#makeMain(run, beginning.pid);
  }

  #makeMain(run: Run, pid: number): void {
    this.orphans.began(pid);
    this.#children.addMain(pid, run.service);
    this.#numbers.claim(run, pid);
  }

  /** What a dead predecessor left of a run: as if it had begun here, if it hangs below children of ours by now. */
  found({ service, invocation, main, rows, sessions }: Leftover): void {
    const run = this.#open(service, invocation, !rows.some((row) => this.#ports.parents.includes(row.parent)));
    holdLeftover(run, { main, rows }, this.#ports);
    for (const session of sessions) this.#numbers.claim(run, session);
    if (!run.isForeign && main !== null) this.#makeMain(run, main);
  }

  /** true: its processes are nobody's children here. */
  isForeign(service: string): boolean {
    return this.#runs.get(service)?.isForeign === true;
  }

  /** A command begins on behalf of the service: if nothing of that runs, what the command leaves is known by this; else null. */
  commandBegan({ service, invocation, pid }: Omit<Beginning, "pidfd">): Run | null {
    const former = this.#runs.get(service);
    if (former !== undefined && !former.isOfCommand) return null;
    const run = this.#open(service, invocation, false);
    run.isOfCommand = true;
    this.#numbers.claim(run, pid);
    return run;
  }

  /** The command has ended: kills what it has left. false if there may be more of it, to be looked for in a moment. */
  sweepCommand(run: Run): boolean {
    if (this.#runs.get(run.service) !== run) return true;
    this.#looks.forget();
    this.killAll(run.service);
    const isOver = !mustWait(run, this.orphans);
    if (isOver) this.over(run.service);
    return isOver;
  }

  /** Another process of the run is its main process from now on (forking, MAINPID). */
  named(service: string, pid: number): void {
    const run = this.#runs.get(service);
    const row = this.#ports.row(pid);
    if (run === undefined || row === null) return;
    const former = changeMain(run, run.others.get(pid) ?? holdProcess(row, this.#ports));
    if (former !== null) this.#children.removeMain(former, false);
    this.#children.addMain(pid, service);
    for (const number of [row.group, row.session]) this.#numbers.claim(run, number);
  }

  serviceOfMain(pid: number): string | null {
    return this.#children.serviceOfMain(pid);
  }

  mainOf(service: string): number | null {
    return this.#runs.get(service)?.main?.pid ?? null;
  }

  /** The INVOCATION_ID of the run, or null if there is none. */
  invocationOf(service: string): string | null {
    return this.#runs.get(service)?.invocation ?? null;
  }

  addHelper(pid: number): void {
    this.#children.addHelper(pid);
  }

  /** The main process has ended and is not reaped yet. Returns how many others of the service are left. */
  mainEnded(service: string): number {
    const run = this.#runs.get(service);
    if (run === undefined) return 0;
    const main = run.main;
    run.main = null;
    // A look from before its end would show the main process itself, and not what it has left since.
    this.#looks.forget();
    try {
      const mayHaveLeft = run.isForeign || this.#mayHaveLeft(service, main);
      const survivors = mayHaveLeft ? this.#othersOf(run, main).length + Number(mustWait(run, this.orphans)) : 0;
      if (survivors === 0) this.over(service);
      return survivors;
    } finally {
      if (main !== null) this.#children.removeMain(main.pid, this.orphans.knows(main.pid));
      if (main !== null) release(main, this.#ports);
    }
  }

  /** The main process never executed; it is reaped and its pidfd closed already. */
  vanished(service: string): void {
    const run = this.#runs.get(service);
    if (run?.main == null) return;
    this.#children.removeMain(run.main.pid, false);
    run.main = null;
    this.over(service);
  }

  /** Looks again at orphans of which it could not be told yet whose they are. */
  retryOrphans(): void {
    this.orphans.retry();
    for (const run of this.#runs.values()) if (run.main === null) run.patience--;
  }

  /** To be called before an orphan that has ended is reaped. */
  orphanEnded(pid: number): void {
    if (this.orphans.isLastHolder(pid)) this.orphans.meetOf(pid);
  }

  /** A process has ended, and is reaped if it was a child: its number means nothing any more. */
  reaped(pid: number): void {
    this.orphans.forget(pid);
    this.#children.reaped(pid);
    this.#looks.forget();
  }

  /** The processes of the service that are alive, its main process aside; a pidfd of each is held from now on. */
  survivors(service: string): readonly ProcessRow[] {
    const run = this.#runs.get(service);
    return run === undefined ? [] : this.#othersOf(run, run.main).filter((row) => !isEnded(row));
  }

  /** Every process of the service that is alive, parents before their children. */
  processesOf(service: string): readonly ProcessRow[] {
    const run = this.#runs.get(service);
    return run === undefined ? [] : membersIn(this.#lookAt(run), run).filter((row) => !isEnded(row));
  }

  /** Its main process and its orphans, as far as they are known; no process is looked at. */
  rootPidsOf(service: string): readonly number[] {
    return [this.mainOf(service), ...this.orphans.pidsFor(service)].filter((pid) => pid !== null);
  }

  /** true if nothing of the service is left, its main process aside. */
  isEmpty(service: string): boolean {
    const run = this.#runs.get(service);
    return run === undefined || (this.#othersOf(run, run.main).length === 0 && !mustWait(run, this.orphans));
  }

  /** Nothing of the run is left, or what is left is no longer the service's concern. */
  over(service: string): void {
    const run = this.#runs.get(service);
    if (run === undefined) return;
    releaseAll(run, this.#ports);
    this.#numbers.disclaimAll(run);
    this.orphans.release(service);
    this.#runs.delete(service);
  }

  /** Only to the main process; false if there is none. */
  signalMain(service: string, signal: SignalName): boolean {
    const main = this.#runs.get(service)?.main;
    return main != null && signalHeld(main, [SIGNAL_NUMBERS[signal]], this.#ports);
  }

  /** To everything of the service, SIGCONT after it. */
  signalAll(service: string, signal: SignalName): void {
    this.#signalEverything(service, [SIGNAL_NUMBERS[signal], SIGNAL_NUMBERS.SIGCONT]);
  }

  /** The same to what of the service has turned up since then: it was forked in that very moment. */
  signalLate(service: string, signal: SignalName): void {
    const run = this.#runs.get(service);
    if (run !== undefined) signalLate(run, [SIGNAL_NUMBERS[signal], SIGNAL_NUMBERS.SIGCONT], this.#sceneOf(run));
  }

  /** To everything of the service; again until nothing new turns up, as a process may fork while it is being killed. */
  killAll(service: string): void {
    const kill = (): readonly ProcessRow[] => this.#signalEverything(service, [SIGNAL_NUMBERS.SIGKILL]);
    repeatUntilNobodyIsNew(kill, () => this.#looks.forget());
  }

  /** true if this live process is one of the service's, its main process aside. */
  isMember(service: string, pid: number): boolean {
    this.#looks.forget();
    return this.survivors(service).some((row) => row.pid === pid);
  }

  /** true if it may become the main process as well: only the end of a child of ours is told, or of what is watched. */
  mayBeMain(service: string, pid: number): boolean {
    const isChild = this.#ports.parents.includes(this.#ports.row(pid)?.parent ?? -1);
    return (isChild || this.isForeign(service)) && this.isMember(service, pid);
  }

  #signalEverything(service: string, signals: readonly number[]): readonly ProcessRow[] {
    const run = this.#runs.get(service);
    if (run === undefined) return [];
    const scene = this.#sceneOf(run);
    signalRun(run, signals, scene);
    return scene.others;
  }

  #sceneOf(run: Run): Scene {
    return { others: this.#othersOf(run, run.main), snapshot: this.#lookAt(run).snapshot, ports: this.#ports };
  }

  /**
   * The processes of the run but `main`. One that has ended counts until this process has reaped it: what forks faster
   * than the table of processes can be read shows itself by what it leaves.
   */
  #othersOf(run: Run, main: Held | null): readonly ProcessRow[] {
    const rows = membersIn(this.#lookAt(run), run).filter((row) => row.pid !== main?.pid);
    holdOthers(run, rows, this.#ports);
    if (run.main === null) this.#numbers.disclaim(run, rows);
    return rows;
  }

  /** false if no orphan may be the service's: no need to look. */
  #mayHaveLeft(service: string, main: Held | null): boolean {
    if (!this.orphans.meetOf(main?.pid ?? null)) return true;
    const orphans = this.orphans.pids();
    return orphans.some((pid) => this.serviceOfMain(pid) === null && this.orphans.mayBelongTo(service, pid));
  }

  #lookAt(run: Run): Look {
    // Left by a predecessor, it does not hang below this process.
    if (run.isForeign) return this.#looks.whole();
    return this.#looks.at(run.service, {
      processes: this.#ports,
      roots: () => this.#rootsOf(run),
      meetOrphans: () => void this.orphans.meet(),
    });
  }

  #rootsOf(run: Run): readonly ProcessRow[] | null {
    const main = run.main === null ? [] : [run.main.pid];
    const rows = [...new Set([...main, ...this.orphans.pidsFor(run.service)])].map((pid) => this.#ports.row(pid));
    const isOwn = (row: ProcessRow): boolean =>
      this.#ports.parents.includes(row.parent) && this.#children.serviceOf(row, this.orphans) === run.service;
    return rows.includes(null) ? null : rows.filter((row) => row !== null).filter(isOwn);
  }

  #open(service: string, invocation: string, isForeign: boolean): Run {
    this.over(service);
    const run = newRun(service, invocation, isForeign);
    this.#runs.set(service, run);
    return run;
  }
}
