/*
 * Those who follow logs and events while supervisors die: each line and each event once, and what they know in the end is what is
 * so. They live until there is nobody for a while; then others take their places.
 */
import type { EventView, ServiceView } from "../../src/core/service-view.ts";
import type { Lines } from "./books.ts";
import { Follower } from "./follower.ts";
import { Numbers } from "./numbers.ts";

/** Whose output is followed. */
export const FOLLOWED = ["slow-writer", "ending", "family"];
/** How long a command may take until it follows. */
const PATIENCE_MS = 10_000;

export class Followers implements AsyncDisposable {
  readonly #runtime: string;
  #open: readonly Follower[] = [];
  #numbers = new Numbers();
  /** Of which the last line before is to be shown yet, with which following begins. */
  readonly #awaited = new Set<string>();
  #beganToHear = Promise.withResolvers<void>();
  /** Of the event that came last; null: the next one may have any number. */
  #last: number | null = null;
  /** By service, as it was told by the supervisor that there is. */
  readonly #states = new Map<string, string>();
  #problems: string[] = [];

  constructor(runtime: string) {
    this.#runtime = runtime;
  }

  /** What is wrong for good since this was asked the last time. `mayEnd`: there was nobody for a while, who could have told them. */
  takeProblems(mayEnd: boolean): readonly string[] {
    const problems = this.#problems.splice(0);
    return mayEnd ? [] : [...problems, ...this.#open.flatMap(({ ending }) => ending ?? [])];
  }

  /** What they do not know yet. */
  unsettled(views: readonly ServiceView[], lines: readonly Lines[]): readonly string[] {
    if (this.#open.length === 0 || this.#open.some(({ ending }) => ending !== null)) return [];
    const behind = lines
      .filter(({ service }) => FOLLOWED.includes(service))
      .map(({ service, invocation, stream, written, begun }) => {
        const last = this.#numbers.last(Numbers.keyOf(service, invocation, stream));
        return { key: `${service} ${invocation} ${stream}`, last, written, begun };
      })
      .filter(({ last, written, begun }) => last !== written && last !== begun)
      .map(({ key, last, written }) => `${key}: ${written} lines are written, ${last} were followed`);
    const stale = views
      .filter(({ name, state }) => (this.#states.get(name) ?? state) !== state)
      .map(({ name, state }) => `${name} is ${state}, and was told to be ${this.#states.get(name)}`);
    return [...behind, ...stale];
  }

  /** All is calm, with these lines. `isBlind`: others take their places, as they may have ended, or not know all. */
  async settle(isBlind: boolean, lines: readonly Lines[]): Promise<void> {
    if (this.#open.length > 0 && !isBlind) return;
    await this[Symbol.asyncDispose]();
    this.#last = null;
    this.#problems = [];
    this.#numbers = new Numbers();
    for (const { service, invocation, stream, written } of lines)
      this.#numbers.skipTo(Numbers.keyOf(service, invocation, stream), written);
    for (const service of FOLLOWED) this.#awaited.add(service);
    this.#states.clear();
    this.#beganToHear = Promise.withResolvers();
    const logs = ["logs", "-f", "-n", "1", ...FOLLOWED];
    this.#open = [
      new Follower(this.#runtime, logs, (line) => this.#hearLine(line)),
      new Follower(this.#runtime, ["events", "--json"], (line) => this.#hearEvent(line)),
    ];
    // From then on nothing may be missing.
    await Promise.race([this.#beganToHear.promise, Bun.sleep(PATIENCE_MS)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((follower) => follower[Symbol.asyncDispose]()));
    this.#open = [];
  }

  #hearLine(line: string): void {
    const service = / (\S+) [0-9a-f]{32} [oe] \d+$/.exec(line)?.[1] ?? "";
    if (this.#awaited.delete(service)) {
      if (this.#awaited.size === 0) this.#beganToHear.resolve();
      return;
    }
    const problem = this.#numbers.hear(line);
    if (problem !== null) this.#problems.push(`logs -f: ${problem}`);
  }

  #hearEvent(line: string): void {
    const { number, event, service, state } = JSON.parse(line) as EventView;
    if (event === "missed") {
      this.#last = null;
      this.#states.clear();
      return;
    }
    if (this.#last !== null && number !== this.#last + 1)
      this.#problems.push(`events: after number ${this.#last} comes ${line}`);
    this.#last = number;
    if (service === null || state === null) return;
    if (event === "removed") this.#states.delete(service);
    else if (event === "state") this.#states.set(service, state);
  }
}
