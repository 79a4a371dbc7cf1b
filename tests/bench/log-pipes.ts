/* Programs that write their standard input to a file: the floor, and the loggers of others as they come. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FLOOR } from "./book.ts";
import type { Driver } from "./driver.ts";
import type { LogContender, LogJob, LogWork } from "./log-job.ts";

const MAX_SIZE = 10 * 2 ** 20;
const KEEP = 5;

interface PipeWays {
  readonly name: string;
  readonly program: string;
  readonly canStamp: boolean;
  /** `place`: an empty directory. */
  words(place: string, isStamped: boolean): readonly string[];
}

const LOGGERS: readonly PipeWays[] = [
  {
    name: "s6",
    program: "s6-log",
    canStamp: true,
    words: (place, isStamped) => [`n${KEEP}`, `s${MAX_SIZE}`, ...(isStamped ? ["T"] : []), place],
  },
  {
    name: "runit",
    program: "svlogd",
    canStamp: true,
    words: (place, isStamped) => {
      writeFileSync(join(place, "config"), `s${MAX_SIZE}\nn${KEEP}\n`);
      return [...(isStamped ? ["-tt"] : []), place];
    },
  },
  {
    name: "daemontools",
    program: "multilog",
    canStamp: true,
    words: (place, isStamped) => [...(isStamped ? ["t"] : []), `s${MAX_SIZE}`, `n${KEEP}`, place],
  },
];

/** `PROGRAM | cat > file`, not rotated. */
export function floorLogger(directory: string): LogContender {
  return new PipeLogger(directory, {
    name: FLOOR,
    program: "sh",
    canStamp: false,
    words: (place) => ["-c", `exec cat > ${join(place, "cat.out")}`],
  });
}

/** Those that are installed; the others are named on standard error. */
export function pipeLoggers(directory: string): readonly LogContender[] {
  return LOGGERS.filter(({ name, program }) => {
    const isThere = Bun.which(program) !== null;
    if (!isThere) console.error(`SKIPPED: logs of ${name}, because there is no "${program}" here`);
    return isThere;
  }).map((ways) => new PipeLogger(directory, ways));
}

class PipeLogger implements LogContender {
  readonly name: string;
  readonly canStamp: boolean;
  readonly #place: string;
  readonly #ways: PipeWays;

  constructor(directory: string, ways: PipeWays) {
    this.name = ways.name;
    this.canStamp = ways.canStamp;
    this.#place = join(directory, `pipe-${ways.name}`);
    this.#ways = ways;
  }

  async prepare(): Promise<void> {}

  async write({ isStamped, writer }: LogJob, driver: Driver): Promise<LogWork> {
    const { program, words } = this.#ways;
    mkdirSync(this.#place);
    const reader = [Bun.which(program) ?? program, ...words(this.#place, isStamped)];
    await driver.clear();
    const { began, ended, readerMs } = await driver.pipe(writer, reader);
    const { first } = await driver.started(began);
    rmSync(this.#place, { recursive: true });
    return { began: first, ended, cpuMs: readerMs };
  }

  async end(): Promise<void> {}
}
