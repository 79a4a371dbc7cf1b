import type { Exit } from "../core/exit.ts";
import type { ReapPort } from "./ports.ts";

/** What the reaper tells of each child, in this order, before and after its number is given back. */
export interface ReapListener {
  /** The child has ended and still holds its number; may return what is to be done once it is reaped. */
  ended(pid: number, exit: Exit): (() => void) | null;
  reaped(pid: number): void;
  /** No more children for now. */
  settled(): void;
}

/** So that a storm of dying children cannot keep the loop from everything else. */
const MOST_A_TURN = 256;

/** Reaps what has ended, up to a bound; true if there may be more. */
export function reapEnded(port: ReapPort, listener: ReapListener): boolean {
  for (let count = 0; count < MOST_A_TURN; count++) {
    const child = port.peekEnded();
    if (child === null) {
      listener.settled();
      return false;
    }
    let afterwards: (() => void) | null = null;
    try {
      afterwards = listener.ended(child.pid, child.exit);
    } finally {
      port.reap(child.pid);
      listener.reaped(child.pid);
    }
    afterwards?.();
  }
  listener.settled();
  return true;
}
