/* What there is to see of a place: what daemonsup says, what the services have noted, what the logs hold, what runs. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ServiceView } from "../../src/core/service-view.ts";
import { allPids } from "../scenarios/proc.ts";
import type { TestPlace } from "../scenarios/test-supervisor.ts";
import type { Books, Lines } from "./books.ts";
import { LogTail } from "./log-tail.ts";
import { COLLECTED, SYSLOG } from "./fleet.ts";
import { type Leniency, Numbers } from "./numbers.ts";

/** Processes of a run. */
export interface Living {
  readonly service: string;
  readonly invocation: string;
  readonly pids: readonly number[];
}

const PASSING = ["starting", "stopping", "backoff"];
/** What no supervisor may ever say. */
const FAULT = /internal error|unhandled|panic|TypeError|ReferenceError|RangeError/i;

export class Looker {
  readonly numbers = new Numbers();
  readonly #place: TestPlace;
  readonly #books: Books;
  readonly #tails = new Map<string, LogTail>();

  constructor(place: TestPlace, books: Books) {
    this.#place = place;
    this.#books = books;
  }

  /** Throws if nobody answers. */
  async views(): Promise<readonly ServiceView[]> {
    const response = await fetch("http://daemonsup/v1/services", {
      unix: join(this.#place.runtime, "control.sock"),
      keepalive: false,
    });
    return (await response.json()) as readonly ServiceView[];
  }

  /** Reads all logs on. Returns what is wrong with them. `hasDied`: a supervisor has, with what was on its way in its memory. */
  readLogs(hasDied: boolean): readonly string[] {
    const problems: string[] = [];
    for (const name of namesIn(this.#place.path("log"))) {
      const tail = this.#tails.get(name) ?? new LogTail(this.#place.path("log", name));
      this.#tails.set(name, tail);
      const isOwn = name === "daemonsup.log";
      const leniency = leniencyOf(name, hasDied);
      tail.read((line) => {
        if (name === SYSLOG && !line.includes(" syslogged[")) return;
        const problem = isOwn ? (FAULT.test(line) ? line : null) : this.numbers.hear(line, leniency);
        if (problem !== null) problems.push(`${name}: ${problem}`);
      });
    }
    return problems;
  }

  /** Processes that came out of services of this place. */
  living(): readonly Living[] {
    const found = new Map<string, { service: string; invocation: string; pids: number[] }>();
    for (const pid of allPids()) {
      const environment = environmentOf(pid);
      if (!environment.includes(`TEST_MARK=${this.#place.mark}`)) continue;
      const [service, invocation] = ["DAEMONSUP_SERVICE=", "INVOCATION_ID="].map((name) => valueIn(environment, name));
      const key = `${service} ${invocation}`;
      const entry = found.get(key) ?? { service: service ?? "", invocation: invocation ?? "", pids: [] };
      found.set(key, entry);
      entry.pids.push(pid);
    }
    return [...found.values()];
  }

  /**
   * Which of these are not in the logs, or are being written. Without `isLossless` ended runs may lack their last ones, and those of
   * which `mayLack` says so any.
   */
  missing(
    all: readonly Lines[],
    isAlive: (invocation: string) => boolean,
    { isLossless, mayLack }: { readonly isLossless: boolean; readonly mayLack: (service: string) => boolean },
  ): readonly string[] {
    return all.flatMap(({ service, invocation, stream, begun, written }) => {
      const found = this.numbers.last(Numbers.keyOf(service, invocation, stream));
      if (begun === written && found < written && mayLack(service)) return [];
      if (isAlive(invocation))
        return found === written && begun === written
          ? []
          : [`${service} ${invocation} ${stream}: ${found} lines in the log, ${written} written, ${begun} begun`];
      // A writer that was killed may have written its last line and not have noted it.
      if (found === written || found === begun || (!isLossless && found < written)) return [];
      return [
        `${service} ${invocation} ${stream} (ended): ${found} lines in the log, ${written} written, ${begun} begun`,
      ];
    });
  }

  /** Forgets those of runs that have ended. Returns how many lines these runs had, and how many of them are lost. */
  forgetEnded(all: readonly Lines[], isAlive: (invocation: string) => boolean): { lines: number; lost: number } {
    let [lines, lost] = [0, 0];
    for (const { service, invocation, stream, written } of all) {
      const key = Numbers.keyOf(service, invocation, stream);
      lost += Math.max(0, written - this.numbers.last(key));
      if (isAlive(invocation)) {
        this.numbers.skipTo(key, written);
        continue;
      }
      lines += written;
      this.numbers.forget(key);
      if (stream === "e") this.#books.forget(service, invocation);
    }
    return { lines, lost };
  }
}

/** What went to the syslog may go there twice; what is on its way to a service may be lost, or come twice. */
function leniencyOf(name: string, hasDied: boolean): Leniency {
  return { mayRepeat: hasDied && (name === SYSLOG || name === COLLECTED), mayLack: hasDied && name === COLLECTED };
}

/** true while a service is on its way from one state to another. */
export function isPassing({ state }: ServiceView): boolean {
  return PASSING.includes(state);
}

function namesIn(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => name.endsWith(".log"));
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function valueIn(environment: readonly string[], name: string): string {
  return environment.find((entry) => entry.startsWith(name))?.slice(name.length) ?? "(none)";
}
