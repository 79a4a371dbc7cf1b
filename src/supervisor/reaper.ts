import type { Exit } from "../core/exit.ts";
import type { EndedChild, EndedUsage, ReapPort } from "./ports.ts";

/** What the reaper tells of each child, in this order, before and after its number is given back. */
export interface ReapListener {
  /** The child has ended and still holds its number; may return what is to be done once it is reaped. */
  ended(pid: number, exit: Exit, usage: EndedUsage | null): (() => void) | null;
  reaped(pid: number): void;
  /** All of these have ended before this is called; `tell` tells of each in turn. */
  together(pids: readonly number[], tell: () => void): void;
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
  for (let left = MOST_A_TURN; left > 0;) {
    const child = port.peekEnded();
    if (child === null) {
      listener.settled();
      return false;
    }
    // By far most often there is no other, and to look for all takes longer than to look for one.
    const others = left === MOST_A_TURN ? [] : othersThan(child, port).slice(0, left - 1);
    left -= 1 + others.length;
    const tell = (ended: EndedChild | null): void => {
      if (ended !== null) tellOf(ended, { port, listener, failures });
    };
    if (others.length === 0) tell(child);
    else
      listener.together([child.pid, ...others], () => {
        tell(child);
        // What is done about one may have taken away another.
        for (const pid of others) tell(port.peekChild(pid));
      });
  }
  listener.settled();
  return true;
}

function othersThan(child: EndedChild, port: ReapPort): readonly number[] {
  return (port.listEnded() ?? []).filter((pid) => pid !== child.pid);
}

interface Telling {
  readonly port: ReapPort;
  readonly listener: ReapListener;
  readonly failures: unknown[];
}

function tellOf({ pid, exit, usage }: EndedChild, { port, listener, failures }: Telling): void {
  const attempt = (act: () => void): boolean => {
    try {
      act();
      return true;
    } catch (error) {
      failures.push(error);
      return false;
    }
  };
  let afterwards: (() => void) | null = null;
  const tell = (): void => void (afterwards = listener.ended(pid, exit, usage));
  // Nobody tells of it once more when it is reaped, so what went wrong is tried again; but it must not wait for ever.
  if (!attempt(tell)) attempt(tell);
  attempt(() => port.reap(pid));
  attempt(() => listener.reaped(pid));
  attempt(() => afterwards?.());
}
