/* The children of a guardian: supervisors, and what they have left. Part of the composition root. */
import { readFileSync } from "node:fs";
import { type EndedWard, MOST_CHILDREN } from "./guardian-messages.ts";
import { peekChild, peekEndedChild, reapChild } from "./os/reaping.ts";

/** Children that have ended keep their numbers until the supervisor has done what there is to do. */
export class GuardianChildren {
  /** Those of which the supervisor at work has been told. */
  readonly #told = new Set<number>();
  readonly #list = `/proc/self/task/${process.pid}/children`;

  /** How the supervisor has ended; null while it lives. */
  endOf(supervisor: number): EndedWard | null {
    return peekChild(supervisor);
  }

  /** Those that have ended and of which nobody has been told, some at a time. */
  untold(supervisor: number | null): readonly EndedWard[] {
    const found: EndedWard[] = [];
    for (const pid of this.#numbers()) {
      if (pid === supervisor || this.#told.has(pid)) continue;
      const ended = peekChild(pid);
      if (ended !== null) found.push(ended);
      if (found.length === MOST_CHILDREN) break;
    }
    return found;
  }

  told(children: readonly EndedWard[]): void {
    for (const { pid } of children) this.#told.add(pid);
  }

  /** Only what the supervisor was told of is reaped by its wish: another process may have the number. */
  reap(pids: readonly number[]): void {
    for (const pid of pids) if (this.#told.delete(pid)) reapChild(pid);
  }

  /** The supervisor, which has ended. */
  bury(supervisor: number): void {
    reapChild(supervisor);
  }

  /** Those of which the supervisor at work has been told, and which it has not had reaped. */
  get known(): readonly number[] {
    return [...this.#told];
  }

  /** It has been told of these, by the guardian before this one. */
  remember(pids: readonly number[]): void {
    for (const pid of pids) this.#told.add(pid);
  }

  /** Another supervisor begins, and is to be told of all of them. */
  forget(): void {
    this.#told.clear();
  }

  #numbers(): readonly number[] {
    try {
      return readFileSync(this.#list, "latin1").split(" ").filter(Boolean).map(Number);
    } catch {
      // A kernel without the list tells of one at a time, the next once that is reaped.
      const ended = peekEndedChild();
      return ended === null ? [] : [ended.pid];
    }
  }
}
