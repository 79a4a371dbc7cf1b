import type { Output } from "./world.ts";

/** As much as this is written at once, in characters. */
const BATCH = 32 * 1024;

/** Lines to an output, many at a time where they come fast: a system call for each costs more than all the rest. */
export class BatchedOutput {
  /** Ends when nobody reads any more. */
  readonly closed: Promise<void>;
  readonly #output: Output;
  readonly #close: () => void;
  #text = "";
  #isOpen = true;

  constructor(output: Output) {
    this.#output = output;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#close = resolve;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Written with what follows at once, and at the end of this turn at the latest. */
  write(text: string): void {
    if (this.#text === "") setImmediate(() => this.flush());
    this.#text += text;
    if (this.#text.length >= BATCH) this.flush();
  }

  flush(): void {
    const text = this.#text;
    this.#text = "";
    if (text === "" || !this.#isOpen) return;
    this.#isOpen = this.#output.write(text);
    if (!this.#isOpen) this.#close();
  }
}
