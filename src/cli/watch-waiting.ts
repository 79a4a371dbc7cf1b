import { ask, type SupervisorPlace } from "../control/client.ts";
import { millis } from "../core/units.ts";
import { onOneLine } from "./render-text.ts";
import type { CliWorld } from "./world.ts";

/** A wait that is going on. */
export interface Waiting {
  /** Is aborted when the user has had enough. */
  readonly signal: AbortSignal;
  /** One thing more to wait for. */
  add(name: string): void;
  /** One thing less to wait for. */
  settle(name: string): void;
  [Symbol.dispose](): void;
}

export interface WaitingOptions {
  /** "start", "shutdown": what happens. */
  readonly what: string;
  /** What it happens to; empty: nothing that has a name. */
  readonly names: readonly string[];
  /** Whom to ask why they are waited for; null: nobody. */
  readonly place: SupervisorPlace | null;
}

/** A wait shorter than this is not spoken of, and so often is asked what it is for; in milliseconds. */
const SILENT_FOR_MS = 1_000;
const ANSWER_WITHIN = millis(1_000);
const MOST_NAMES = 5;

/** Says on a terminal what a command waits for, and lets the user end the wait, but not what is waited for. */
export function watchWaiting(world: CliWorld, options: WaitingOptions): Waiting {
  const { what, names } = options;
  const controller = new AbortController();
  const left = new Set(names);
  function leftWords(): string {
    const shown = [...left].slice(0, MOST_NAMES).join(", ");
    const more = left.size > MOST_NAMES ? ` and ${left.size - MOST_NAMES} more` : "";
    return left.size === 0 ? "" : ` of ${shown}${more}`;
  }
  const stop = world.stderr.isTerminal
    ? speakLater(world, { ...options, left, first: () => `waiting for the ${what}${leftWords()}` })
    : () => {};
  const forget = world.onInterrupt(() => {
    if (controller.signal.aborted) return;
    world.stderr.write(`\ninterrupted: the ${what}${leftWords()} goes on\n`);
    controller.abort();
  });
  return {
    signal: controller.signal,
    add: (name) => void left.add(name),
    settle: (name) => void left.delete(name),
    [Symbol.dispose]() {
      stop();
      forget();
    },
  };
}

interface Speech extends WaitingOptions {
  /** What is still waited for. */
  readonly left: ReadonlySet<string>;
  first(): string;
}

/** Says after a while that a wait goes on, and then whenever there is another reason for it; returns what ends that. */
function speakLater(world: CliWorld, { place, left, first }: Speech): () => void {
  const told = new Map<string, string>();
  let timer = setTimeout(() => {
    world.stderr.write(`${first()} (Ctrl-C ends only the waiting)\n`);
    void explain();
  }, SILENT_FOR_MS);
  let isOver = false;
  async function explain(): Promise<void> {
    if (place === null) return;
    for (const name of [...left].slice(0, MOST_NAMES)) {
      const reason = await reasonOf(place, name);
      if (isOver) return;
      if (reason === null || !left.has(name) || told.get(name) === reason) continue;
      told.set(name, reason);
      world.stderr.write(`  ${onOneLine(name)}: ${reason}\n`);
    }
    timer = setTimeout(() => void explain(), SILENT_FOR_MS);
  }
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Why the service is where it is, or null. */
async function reasonOf(place: SupervisorPlace, name: string): Promise<string | null> {
  const reply = await ask(place, { route: "service", name, patience: ANSWER_WITHIN });
  if (reply.tag === "refused" || reply.value.message === null) return null;
  return onOneLine(`${reply.value.state}, ${reply.value.message}`);
}
