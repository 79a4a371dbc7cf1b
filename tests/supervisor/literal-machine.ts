import { SIGNAL_NUMBERS, type SignalName, signalNameOf } from "../../src/core/signal-names.ts";
import { readPidFile } from "../../src/os/pid-file.ts";
import type { Exit } from "../../src/core/exit.ts";
import type { ProcessPort, ProcessRow, SignalResult } from "../../src/supervisor/ports.ts";

export const OWN_PID = 100;

interface Birth {
  /** The supervisor, unless it says otherwise. */
  readonly parent?: number;
  /** Its own, unless it says otherwise. */
  readonly group?: number;
  readonly session?: number;
  /** That of its parent, unless it says otherwise; null: it cannot be read. */
  readonly environment?: Readonly<Record<string, string>> | null;
}

/** A machine with the processes that the test gives it; numbers may be given again. */
export class LiteralMachine implements ProcessPort {
  readonly ownPid = OWN_PID;
  readonly parents = [OWN_PID];
  /** What each process has been sent, as "201 SIGTERM", in order. */
  readonly received: string[] = [];
  /** Called before a pidfd is opened. */
  onOpen: ((pid: number) => void) | null = null;
  /** true: there are too few descriptors for one that is held for long. */
  isShort = false;
  /** false: SIGKILL ends nothing, as in state D. */
  isKillable = true;
  /** How processes that are no children ended, as far as the kernel tells. */
  readonly exits = new Map<number, Exit>();
  /** How often the process table was read. */
  looks = 0;
  /** Called before the children of a process are read. */
  onChildren: ((pid: number) => void) | null = null;
  /** Called at each SIGKILL that arrives, before it ends the process. */
  onKill: ((pid: number) => void) | null = null;
  /** Called when something other than SIGKILL arrives. */
  onSignal: ((pid: number, signal: SignalName) => void) | null = null;
  readonly #rows = new Map<number, ProcessRow>();
  readonly #environments = new Map<number, ReadonlyMap<string, string>>();
  readonly #pidfds = new Map<number, ProcessRow>();
  readonly #otherFds = new Set<number>();
  readonly #known = new Set<number>();
  #lastTicks = 0;
  #lastFd = 10;

  constructor() {
    this.start(1, { parent: 0 });
    this.start(OWN_PID, { parent: 1 });
  }

  start(pid: number, birth: Birth = {}): ProcessRow {
    const { parent = OWN_PID, group = pid, session = group, environment } = birth;
    const row = { pid, parent, group, session, state: "S", startTicks: ++this.#lastTicks };
    this.#rows.set(pid, row);
    const inherited = environment === undefined ? this.#environments.get(parent) : undefined;
    const own = environment == null ? inherited : new Map(Object.entries(environment));
    if (own !== undefined) this.#environments.set(pid, own);
    return row;
  }

  /** It ends; its children are handed to the supervisor, or to pid 1 if they were none of the supervisor's. */
  end(pid: number): void {
    const isOurs = this.#isBelow(pid, OWN_PID);
    this.#rows.delete(pid);
    this.#environments.delete(pid);
    for (const row of [...this.#rows.values()])
      if (row.parent === pid) this.#rows.set(row.pid, { ...row, parent: isOurs ? OWN_PID : 1 });
  }

  /** It gets another parent. */
  handOver(pid: number, parent: number): void {
    const row = this.#rows.get(pid);
    if (row !== undefined) this.#rows.set(pid, { ...row, parent });
  }

  /** It ends and waits to be reaped. */
  becomeZombie(pid: number): void {
    const row = this.#rows.get(pid);
    this.end(pid);
    if (row !== undefined) this.#rows.set(pid, { ...row, state: "Z" });
  }

  get openPidfds(): number {
    return this.#pidfds.size;
  }

  /** Of the process that the number means, or meant last. */
  pidfdOf(pid: number): number {
    return [...this.#pidfds].findLast(([, row]) => row.pid === pid)?.[0] ?? -1;
  }

  /** true if this pidfd's process has not ended. */
  isAlive(pidfd: number): boolean {
    const meant = this.#pidfds.get(pidfd);
    return meant !== undefined && this.#rows.get(meant.pid)?.startTicks === meant.startTicks;
  }

  table(): readonly ProcessRow[] {
    this.looks++;
    return [...this.#rows.values()];
  }

  row(pid: number): ProcessRow | null {
    return this.#rows.get(pid) ?? null;
  }

  childrenOf(pid: number): readonly number[] | null {
    this.onChildren?.(pid);
    if (!this.#rows.has(pid)) return null;
    return [...this.#rows.values()].filter((row) => row.parent === pid).map((row) => row.pid);
  }

  lookAhead(): void {}

  /** false: some of them are to be found where nobody looks. */
  isWhole = true;

  seesAll(): boolean {
    return this.isWhole;
  }

  strangers(): readonly number[] {
    return (this.childrenOf(OWN_PID) ?? []).filter((pid) => !this.#known.has(pid));
  }

  knowChild(pid: number): void {
    this.#known.add(pid);
  }

  forgetChild(pid: number): void {
    this.#known.delete(pid);
  }

  environment(pid: number): ReadonlyMap<string, string> | null {
    return this.#environments.get(pid) ?? null;
  }

  name(pid: number): string {
    return `program-${pid}`;
  }

  pidIn(file: string): number | null {
    return readPidFile(file);
  }

  catchesSignal(): boolean {
    return true;
  }

  exitOf(pid: number): Exit | null {
    return this.exits.get(pid) ?? null;
  }

  openPidfd(pid: number, isBrief = false): number | null {
    this.onOpen?.(pid);
    const row = this.#rows.get(pid);
    if (row === undefined || (this.isShort && !isBrief)) return null;
    this.#pidfds.set(++this.#lastFd, row);
    return this.#lastFd;
  }

  signal(pidfd: number, signal: number): SignalResult {
    const meant = this.#pidfds.get(pidfd);
    if (meant === undefined) return { tag: "failed", errno: "EBADF" };
    const row = this.#rows.get(meant.pid);
    if (row?.startTicks !== meant.startTicks) return { tag: "gone" };
    this.#deliver(row, signal);
    return { tag: "sent" };
  }

  signalGroup(group: number, signal: number): SignalResult {
    const members = [...this.#rows.values()].filter((row) => row.group === group);
    for (const row of members) this.#deliver(row, signal);
    return members.length > 0 ? { tag: "sent" } : { tag: "gone" };
  }

  /** A descriptor that is no pidfd. */
  openFd(): number {
    this.#otherFds.add(++this.#lastFd);
    return this.#lastFd;
  }

  closeFd(fd: number): void {
    if (!this.#pidfds.delete(fd) && !this.#otherFds.delete(fd)) throw new Error(`descriptor ${fd} is closed twice`);
  }

  /** Who has received the signal since the last call, sorted; and all others are forgotten. */
  takeReceivers(signal: SignalName): readonly number[] {
    const pids = this.received.filter((line) => line.endsWith(` ${signal}`)).map((line) => Number.parseInt(line, 10));
    this.received.length = 0;
    return pids.sort((left, right) => left - right);
  }

  #deliver(row: ProcessRow, signal: number): void {
    const name = signalNameOf(signal) as SignalName;
    this.received.push(`${row.pid} ${name}`);
    if (name !== "SIGKILL" && row.state !== "Z") this.onSignal?.(row.pid, name);
    if (signal !== SIGNAL_NUMBERS.SIGKILL || row.state === "Z" || !this.isKillable) return;
    this.onKill?.(row.pid);
    this.becomeZombie(row.pid);
  }

  #isBelow(pid: number, ancestor: number): boolean {
    for (let row = this.#rows.get(pid); row !== undefined; row = this.#rows.get(row.parent))
      if (row.parent === ancestor) return true;
    return false;
  }
}
