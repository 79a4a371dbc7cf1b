import type { Exit } from "../core/exit.ts";
import type { EndedUsage, ReapPort } from "./ports.ts";

/** What the reaper tells of each child, in this order, before and after its number is given back. */
export interface ReapListener {
  /** The child has ended and still holds its number; may return what is to be done once it is reaped. */
  ended(pid: number, exit: Exit, usage: EndedUsage | null): (() => void) | null;
  reaped(pid: number): void;
  /** No more children for now. */
  settled(): void;
}

/** So that a storm of dying children cannot keep the loop from everything else. */
const MOST_A_TURN = 256;

/** Reaps what has ended, up to a bound; true if there may be more. Throws, at the end, what went wrong with one of them. */
export function reapEnded(port: ReapPort, listener: ReapListener): boolean {
  const failures: unknown[] = [];
  const hasMore = reapSome(port, listener, failures);
  if (failures.length > 0) throw failures[0];
  return hasMore;
}

function reapSome(port: ReapPort, listener: ReapListener, failures: unknown[]): boolean {
  for (let count = 0; count < MOST_A_TURN; count++) {
    const child = port.peekEnded();
    if (child === null) {
      listener.settled();
      return false;
    }
    try {
      const afterwards = listener.ended(child.pid, child.exit, child.usage);
      port.reap(child.pid);
      listener.reaped(child.pid);
      afterwards?.();
    } catch (error) {
      // What went wrong with one child must not keep the others waiting, nor itself for ever.
      failures.push(error);
      port.reap(child.pid);
      listener.reaped(child.pid);
    }
  }
  listener.settled();
  return true;
}
