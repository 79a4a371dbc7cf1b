/* A command that is watched while it runs. */

export interface Ending {
  readonly code: number | null;
  readonly signal: string | number | null;
}

export class RunningCommand implements AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #said = { stdout: "", stderr: "" };
  #hasEnded = false;
  #changed = Promise.withResolvers<void>();

  constructor(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = Bun.spawn([...words], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...process.env, ...env },
    });
    this.pid = this.#child.pid;
    const reading = [this.#read("stdout", this.#child.stdout), this.#read("stderr", this.#child.stderr)];
    this.ended = this.#child.exited.then(async () => {
      await Promise.all(reading);
      this.#hasEnded = true;
      this.#tell();
      return { code: this.#child.exitCode, signal: this.#child.signalCode };
    });
  }

  get stdout(): string {
    return this.#said.stdout;
  }

  get stderr(): string {
    return this.#said.stderr;
  }

  /** Waits until the stream's text so far matches; throws with everything that was said if the command ends before. */
  async says(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const { promise } = this.#changed;
      const found = pattern.exec(this.#said[stream]);
      if (found !== null) return found;
      if (this.#hasEnded) throw new Error(`it ended and did not say ${pattern}: ${this.stdout}${this.stderr}`);
      await promise;
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  async #read(name: "stdout" | "stderr", stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#said[name] += decoder.decode(chunk, { stream: true });
      this.#tell();
    }
  }

  #tell(): void {
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }
}
