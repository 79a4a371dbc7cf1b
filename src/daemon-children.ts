/*
 * The children of the supervisor and those that its guardian has adopted, as one: what supervisors before this one have started is
 * as much its own as what it starts itself. Part of the composition root.
 */
import type { GuardianLink } from "./daemon-guardian.ts";
import { OwnChildren } from "./os/own-children.ts";
import { type ProcessRow, readProcess } from "./os/processes.ts";
import { peekChild, peekEndedChild, reapChild } from "./os/reaping.ts";
import type { EndedChild, ReapPort } from "./supervisor/ports.ts";

/** What the kernel shows of a thread that has ended, until the process is reaped. */
const ENDED = ["Z", "X"];

/** As a port of reaping, `pollPending` goes first: the end of a child whose exec failed late is told by it alone. */
export class DaemonChildren implements ReapPort {
  readonly parents: readonly number[];
  readonly #own = new OwnChildren();
  readonly #guardian: GuardianLink | null;
  readonly #adopted: OwnChildren | null;

  constructor(guardian: GuardianLink | null) {
    this.#guardian = guardian;
    this.#adopted = guardian === null ? null : new OwnChildren(guardian.pid);
    this.parents = guardian === null ? [process.pid] : [process.pid, guardian.pid];
  }

  /** To be called before services take the descriptors that it needs. */
  prepare(): void {
    this.#own.prepare();
    this.#ofGuardian((adopted) => adopted.prepare());
    this.#adopted?.know(process.pid);
  }

  strangers(): readonly number[] {
    const adopted = this.#ofGuardian((children) => children.strangers()) ?? [];
    return [...this.#own.strangers(), ...adopted.filter((pid) => this.#guardian?.isReaping(pid) === false)];
  }

  /** By its first thread, whose children they are: with the end of that they go to the others, or out of sight. */
  seesAll(): boolean {
    if (this.#guardian === null) return true;
    const { isGone, pid } = this.#guardian;
    return !isGone && process.ppid === pid && !ENDED.includes(readProcess(pid)?.state ?? "");
  }

  /** true: it has ended, what followed from that has been dealt with, and the guardian is about to reap it: it is nobody's any more. */
  isGoing({ pid, state }: Pick<ProcessRow, "pid" | "state">): boolean {
    // A number that is in use again by then shows a process that is alive.
    return ENDED.includes(state) && this.#guardian?.isReaping(pid) === true;
  }

  lookAhead(): void {
    this.#own.lookAhead();
    this.#ofGuardian((adopted) => adopted.lookAhead());
  }

  know(pid: number): void {
    this.#own.know(pid);
    this.#adopted?.know(pid);
  }

  forget(pid: number): void {
    this.#own.forget(pid);
    if (pid !== process.pid) this.#adopted?.forget(pid);
  }

  peekEnded(): EndedChild | null {
    return this.#guardian?.ended.values().next().value ?? peekEndedChild();
  }

  peekChild(pid: number): EndedChild | null {
    return this.#guardian?.ended.get(pid) ?? peekChild(pid);
  }

  listEnded(): readonly number[] | null {
    const adopted = [...(this.#guardian?.ended.keys() ?? [])];
    const own = this.#own.ended();
    return own === null && adopted.length === 0 ? null : [...adopted, ...(own ?? [])];
  }

  reap(pid: number): void {
    if (this.#guardian?.ended.has(pid) === true) this.#guardian.reap(pid);
    else reapChild(pid);
  }

  /** null once there is no guardian any more: then it has no children either. */
  #ofGuardian<Result>(look: (adopted: OwnChildren) => Result): Result | null {
    if (this.#adopted === null || this.#guardian === null || this.#guardian.isGone) return null;
    try {
      return look(this.#adopted);
    } catch (error) {
      if (process.ppid === this.#guardian.pid) throw error;
      return null;
    }
  }
}
