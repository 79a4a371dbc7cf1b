/* A command that follows, line by line, for as long as somebody tells it something. */
import { BINARY } from "../scenarios/test-supervisor.ts";
import { linesOf } from "../private-dev-log.ts";

export class Follower implements AsyncDisposable {
  /** How it has ended; null: it has not. */
  ending: string | null = null;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #reading: Promise<void>;

  /** `hear` is given each line of standard output. */
  constructor(runtime: string, words: readonly string[], hear: (line: string) => void) {
    this.#child = Bun.spawn([BINARY, ...words], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...process.env, DAEMONSUP_RUNTIME_DIR: runtime },
    });
    this.#reading = this.#read(words, hear);
  }

  async #read(words: readonly string[], hear: (line: string) => void): Promise<void> {
    const errors = new Response(this.#child.stderr).text();
    for await (const line of linesOf(this.#child.stdout)) hear(line);
    const code = await this.#child.exited;
    this.ending = `${words.join(" ")} has ended (${code}): ${await errors}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#reading;
  }
}
