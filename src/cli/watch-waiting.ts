import type { SupervisorPlace } from "../control/client.ts";
import { LiveBlock } from "./live-block.ts";
import { type Concern, type WaitReason, WaitReasons } from "./wait-reasons.ts";
import { lookOf } from "./render-paint.ts";
import { cutTo, onOneLine } from "./render-text.ts";
import { spanWordsOf } from "./render-words.ts";
import type { CliWorld } from "./world.ts";

/** A wait that is going on. */
export interface Waiting {
  /** Is aborted when the user has had enough. */
  readonly signal: AbortSignal;
  /** One thing more to wait for. */
  add(name: string): void;
  /** One thing less to wait for. */
  settle(name: string): void;
  /** Prints something while it is waited. */
  above(print: () => void): void;
  [Symbol.dispose](): void;
}

export interface WaitingOptions {
  /** "start", "shutdown": what happens. */
  readonly what: string;
  /** What it happens to; empty: nothing that has a name. */
  readonly names: readonly string[];
  /** Whom to ask why they are waited for. */
  readonly place: SupervisorPlace;
  /** Which services are waited for besides those that are named; null: no others. */
  readonly others: Concern | null;
}

/** A wait shorter than this is not spoken of, in milliseconds: to who sits at a terminal, and to who reads it later. */
const SILENT_FOR_MS = 500;
const SILENT_IN_FILES_MS = 10_000;
/** How often is asked what it is waited for. */
const EVERY_MS = 1_000;
const MOST_NAMES = 5;
const HINT = "(Ctrl-C ends only the waiting)";

/** Shows on a terminal what a command waits for, and lets the user end the wait, but not what is waited for. */
export function watchWaiting(world: CliWorld, options: WaitingOptions): Waiting {
  const { what, names } = options;
  const controller = new AbortController();
  const left = new Set(names);
  const speech = new Speech(world, { ...options, left });
  const forget = world.onInterrupt(() => {
    if (controller.signal.aborted) return;
    speech.end();
    const shown = [...left].slice(0, MOST_NAMES).map(onOneLine).join(", ");
    const more = left.size > MOST_NAMES ? ` and ${left.size - MOST_NAMES} more` : "";
    // A terminal has shown ^C where the cursor stood.
    const start = world.stderr.isTerminal && world.env["TERM"] !== "dumb" ? "\r\u001b[K" : "\n";
    world.stderr.write(`${start}interrupted: the ${what}${left.size === 0 ? "" : ` of ${shown}${more}`} goes on\n`);
    controller.abort();
  });
  return {
    signal: controller.signal,
    add: (name) => void left.add(name),
    settle: (name) => void left.delete(name),
    above: (print) => speech.above(print),
    [Symbol.dispose]() {
      speech.end();
      forget();
    },
  };
}

/** Does something while it is shown what it waits for; what is shown is gone before this returns. null: the user has had enough. */
export async function waitFor<T>(
  world: CliWorld,
  options: WaitingOptions,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  using waiting = watchWaiting(world, options);
  const result = await act(waiting.signal);
  return waiting.signal.aborted ? null : result;
}

interface SpeechOptions extends WaitingOptions {
  /** What is still waited for. */
  readonly left: ReadonlySet<string>;
}

/** Says what is waited for, in lines that are drawn again and again; where that cannot be done, whenever it is another. */
class Speech {
  readonly #world: CliWorld;
  readonly #options: SpeechOptions;
  readonly #reasons: WaitReasons;
  /** null: what was written cannot be written over. */
  readonly #block: LiveBlock | null;
  readonly #told = new Set<string>();
  readonly #began: number;
  #shown: readonly WaitReason[] = [];
  /** true: what is waited for has names. */
  #isNamed: boolean;
  #timer: Timer;
  #isOver = false;

  constructor(world: CliWorld, options: SpeechOptions) {
    this.#world = world;
    this.#options = options;
    this.#reasons = new WaitReasons(options.place);
    const { isTerminal } = world.stderr;
    this.#block = !isTerminal || world.env["TERM"] === "dumb" ? null : new LiveBlock(world.stderr);
    this.#began = world.now();
    this.#isNamed = options.names.length > 0;
    this.#timer = setTimeout(() => void this.#look(), isTerminal ? SILENT_FOR_MS : SILENT_IN_FILES_MS);
  }

  above(print: () => void): void {
    const hasSpoken = this.#shown.length > 0;
    this.#block?.clear();
    print();
    if (hasSpoken && !this.#isOver) this.#draw();
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#block?.clear();
  }

  async #look(): Promise<void> {
    const { left, others } = this.#options;
    const named = await this.#reasons.ofNamed([...left].slice(0, MOST_NAMES));
    const found = others === null ? [] : await this.#reasons.ofOthers(others);
    if (this.#isOver) return;
    this.#isNamed ||= left.size > 0;
    this.#shown = [...named, ...found];
    this.#draw();
    this.#timer = setTimeout(() => void this.#look(), EVERY_MS);
  }

  #draw(): void {
    const { what, left } = this.#options;
    const now = this.#world.now();
    const reasons = this.#isNamed ? this.#shown.filter(({ name }) => left.has(name)) : this.#shown;
    if (this.#isNamed && left.size === 0) return;
    const lines = reasons.slice(0, MOST_NAMES).map(({ name, reason, since }) => ({
      text: `${onOneLine(name)}: ${reason}`,
      span: now - since,
    }));
    if (lines.length === 0) lines.push({ text: `waiting for the ${what}`, span: now - this.#began });
    const count = Math.max(left.size, reasons.length);
    const more = count > lines.length && count > MOST_NAMES ? [`and ${count - lines.length} more`] : [];
    if (this.#block === null) return this.#tell([...lines.map(({ text }) => text), ...more]);
    const { width, mark } = lookOf({ env: this.#world.env, stdout: this.#world.stderr });
    const room = width ?? Number.POSITIVE_INFINITY;
    const timed = lines.map(({ text, span }) => {
      const time = `, ${spanWordsOf(Math.floor(span / 1_000) * 1_000)}`;
      return cutTo(text, room - time.length, mark) + time;
    });
    this.#block.draw([...timed, ...[...more, HINT].map((line) => cutTo(line, room, mark))]);
  }

  #tell(lines: readonly string[]): void {
    for (const line of lines) {
      const hint = this.#told.size === 0 && this.#world.stderr.isTerminal ? ` ${HINT}` : "";
      if (!this.#told.has(line)) this.#world.stderr.write(`${line}${hint}\n`);
      this.#told.add(line);
    }
  }
}
