import type { CliWorld } from "./world.ts";

/** A wait that is going on. */
export interface Waiting {
  /** Is aborted when the user has had enough. */
  readonly signal: AbortSignal;
  /** One thing less to wait for. */
  settle(name: string): void;
  [Symbol.dispose](): void;
}

export interface WaitingOptions {
  /** "start", "shutdown": what happens. */
  readonly what: string;
  /** What it happens to; empty: nothing that has a name. */
  readonly names: readonly string[];
}

/** A wait shorter than this is not spoken of, in milliseconds. */
const SILENT_FOR_MS = 1_000;
const MOST_NAMES = 5;

/** Says on a terminal what a command waits for, and lets the user end the wait, but not what is waited for. */
export function watchWaiting(world: CliWorld, { what, names }: WaitingOptions): Waiting {
  const controller = new AbortController();
  const left = new Set(names);
  function leftWords(): string {
    const shown = [...left].slice(0, MOST_NAMES).join(", ");
    const more = left.size > MOST_NAMES ? ` and ${left.size - MOST_NAMES} more` : "";
    return left.size === 0 ? "" : ` of ${shown}${more}`;
  }
  const timer = world.stderr.isTerminal
    ? setTimeout(
        () => world.stderr.write(`waiting for the ${what}${leftWords()} (Ctrl-C ends only the waiting)\n`),
        SILENT_FOR_MS,
      )
    : null;
  const forget = world.onInterrupt(() => {
    if (controller.signal.aborted) return;
    world.stderr.write(`\ninterrupted: the ${what}${leftWords()} goes on\n`);
    controller.abort();
  });
  return {
    signal: controller.signal,
    settle: (name) => void left.delete(name),
    [Symbol.dispose]() {
      if (timer !== null) clearTimeout(timer);
      forget();
    },
  };
}
