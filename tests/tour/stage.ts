/* A supervisor on a stage: commands are run as the page shows them, and what they print is what is shown. */
import { join } from "node:path";
import { BINARY, type TestPlace } from "../scenarios/test-supervisor.ts";
import { Normaliser } from "./normalise.ts";

export interface Step {
  /** As it is typed: "daemonsup status web". */
  readonly line: string;
  /** What stands behind it as a comment. */
  readonly note?: string;
}

/** Where the comments of a block begin. */
const NOTES_AT = 28;

export class Stage implements Disposable {
  readonly place: TestPlace;
  readonly #normaliser: Normaliser;

  /** `replaced`: texts of this run, and how the page says them. */
  constructor(place: TestPlace, replaced: readonly (readonly [string, string])[] = []) {
    this.place = place;
    this.#normaliser = new Normaliser([
      ...replaced,
      [place.path("log"), "/var/log/daemonsup"],
      [place.directory, "/srv"],
    ]);
  }

  /** Runs the command lines one after the other, and gives them with all that they print, as the lines of a block. */
  async block(...steps: readonly Step[]): Promise<string> {
    const shown: string[] = [];
    for (const { line, note } of steps) {
      const typed = `$ ${line}`;
      shown.push(note === undefined ? typed : `${typed.padEnd(NOTES_AT)}# ${note}`);
      const screen = this.#normaliser.screen(await this.print(line));
      if (screen !== "") shown.push(screen);
      shown.push("");
    }
    return shown.join("\n").trimEnd();
  }

  /** What a command line prints, errors included. */
  async print(line: string): Promise<string> {
    const child = this.spawn(line);
    const text = await new Response(child.stdout).text();
    await child.exited;
    return text;
  }

  spawn(line: string): Bun.Subprocess<"ignore", "pipe", "pipe"> {
    const [, ...words] = line.split(" ");
    const places = words.includes("--config")
      ? [
          "--runtime-dir",
          this.place.runtime,
          "--state-dir",
          this.place.path("state"),
          "--log-dir",
          this.place.path("log"),
        ]
      : [];
    return Bun.spawn(["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", BINARY, ...words, ...places], {
      cwd: this.place.directory,
      env: { ...process.env, DAEMONSUP_RUNTIME_DIR: this.place.runtime, LANG: "C.UTF-8" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  /** Text that has been prepared elsewhere, such as what a running command has printed so far. */
  screen(text: string): string {
    return this.#normaliser.screen(text);
  }

  [Symbol.dispose](): void {
    this.place[Symbol.dispose]();
  }
}

export const README = join(import.meta.dir, "../../README.md");
