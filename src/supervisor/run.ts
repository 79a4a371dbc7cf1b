import type { Look } from "./look.ts";
import type { ProcessPort, ProcessRow } from "./ports.ts";
import { type ProcessSnapshot, isEnded } from "./process-snapshot.ts";

/** The processes of one run of a service. */
export interface Run {
  readonly service: string;
  readonly invocation: string;
  main: Held | null;
  /** Session and group numbers that are this run's as long as a process of it holds them. */
  readonly numbers: Set<number>;
  readonly others: Map<number, Held>;
  /** Those of them that have been told to end. */
  readonly signalled: Set<number>;
  /** How often it is still waited for that orphans can be told whose they are, before it counts as empty. */
  patience: number;
  /** true: left by a dead predecessor, so not below this process in the tree. */
  readonly isForeign: boolean;
  /** true: it is none of the service itself, but what a command leaves that runs while nothing of the service does. */
  isOfCommand: boolean;
}

export interface Held {
  readonly pid: number;
  /** null: not needed, as it is a child of this process, whose number is its own until it is reaped. */
  readonly startTicks: number | null;
  /** null: there was none to be had for so long. */
  readonly pidfd: number | null;
}

/** More than an exec takes, in looks: as it shows no environment, it hides whose process it is. */
const MOST_PATIENCE = 40;

export function newRun(service: string, invocation: string, isForeign: boolean): Run {
  const sets = { numbers: new Set<number>(), others: new Map<number, Held>(), signalled: new Set<number>() };
  return { service, invocation, main: null, ...sets, patience: MOST_PATIENCE, isForeign, isOfCommand: false };
}

/** A main process as it was started. */
export interface Beginning {
  readonly service: string;
  readonly invocation: string;
  readonly pid: number;
  readonly pidfd: number | null;
}

/** Takes hold of the very process that the row shows. */
export function holdProcess(row: ProcessRow, ports: Pick<ProcessPort, "openPidfd" | "row" | "closeFd">): Held {
  const { pid, startTicks } = row;
  const pidfd = ports.openPidfd(pid);
  // The number may have been given to another process between the look and the opening.
  if (pidfd === null || ports.row(pid)?.startTicks === startTicks) return { pid, startTicks, pidfd };
  ports.closeFd(pidfd);
  return { pid, startTicks, pidfd: null };
}

/** Sends these signals, in this order, to the very process that is held; false if they have not reached it. */
export function signalHeld(
  { pid, startTicks, pidfd }: Held,
  signals: readonly number[],
  ports: Pick<ProcessPort, "openPidfd" | "row" | "signal" | "closeFd">,
): boolean {
  const brief = pidfd === null ? ports.openPidfd(pid, true) : null;
  const target = pidfd ?? brief;
  if (target === null) return false;
  const isSame = brief === null || startTicks === null || ports.row(pid)?.startTicks === startTicks;
  const sent = isSame ? signals.map((signal) => ports.signal(target, signal).tag) : [];
  if (brief !== null) ports.closeFd(brief);
  return sent.length > 0 && sent.every((tag) => tag === "sent");
}

/** Takes hold of the processes that a dead predecessor left. */
export function holdLeftover(
  run: Run,
  { main, rows }: { readonly main: number | null; readonly rows: readonly ProcessRow[] },
  ports: Pick<ProcessPort, "openPidfd" | "row" | "closeFd">,
): void {
  for (const row of rows) {
    const held = holdProcess(row, ports);
    if (row.pid === main) run.main = held;
    else run.others.set(row.pid, held);
  }
}

/** Takes hold of those of these members of the run that are alive, and lets go of those that are not. */
export function holdOthers(
  run: Run,
  rows: readonly ProcessRow[],
  ports: Pick<ProcessPort, "openPidfd" | "row" | "closeFd">,
): void {
  const alive = new Set(rows.filter((row) => !isEnded(row)).map((row) => row.pid));
  for (const [pid, held] of run.others) {
    if (alive.has(pid)) continue;
    release(held, ports);
    run.others.delete(pid);
    run.signalled.delete(pid);
  }
  for (const row of rows) {
    if (alive.has(row.pid) && !run.others.has(row.pid)) run.others.set(row.pid, holdProcess(row, ports));
  }
}

/** true: it may still turn out that an orphan belongs to the run. */
export function mustWait({ patience }: Run, orphans: { readonly hasOpen: boolean }): boolean {
  return patience > 0 && orphans.hasOpen;
}

/** true: this very process is one of the run's, its main process aside. */
export function isHeld(run: Run, { pid, startTicks }: ProcessRow): boolean {
  return run.others.get(pid)?.startTicks === startTicks;
}

export function releaseAll(run: Run, ports: Pick<ProcessPort, "closeFd">): void {
  for (const held of run.others.values()) release(held, ports);
  if (run.main !== null) release(run.main, ports);
}

export function release({ pidfd }: Held, ports: Pick<ProcessPort, "closeFd">): void {
  if (pidfd !== null) ports.closeFd(pidfd);
}

/**
 * Another process of the run is its main process from now on. The one before, if it has one and that has not ended, is one like
 * the others; returns its number, or null.
 */
export function changeMain(run: Run, next: Held): number | null {
  const former = run.main;
  run.main = next;
  run.others.delete(next.pid);
  if (former !== null) run.others.set(former.pid, former);
  return former?.pid ?? null;
}

/** The processes of a run. One of our own that has ended counts until it is reaped. */
export function membersIn({ snapshot, roots }: Look, run: Run): readonly ProcessRow[] {
  if (!run.isForeign) return snapshot.closure(roots.get(run.service) ?? []);
  // What has ended is for another process to reap, and tells nothing.
  return snapshot.closure(foreignSeeds(run, snapshot)).filter((row) => !isEnded(row));
}

/** Of a run that a dead predecessor left: what was known and lives, and whoever is in a session of it. */
function foreignSeeds(run: Run, snapshot: ProcessSnapshot): readonly ProcessRow[] {
  const held = run.main === null ? [...run.others.values()] : [run.main, ...run.others.values()];
  const alive = held.flatMap((process) => {
    const row = snapshot.get(process.pid);
    return row?.startTicks === process.startTicks && !isEnded(row) ? [row] : [];
  });
  const leads = new Set(alive.filter((row) => row.session === row.pid).map((row) => row.pid));
  // As long as one that is known holds the number, it means what it meant.
  const own = alive.map((row) => row.session).filter((session) => leads.has(session) || run.numbers.has(session));
  return [...alive, ...snapshot.inSessions(new Set(own))];
}
