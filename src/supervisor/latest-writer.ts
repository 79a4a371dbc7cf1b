/** Writes a small file as a whole. null if it is on the disk, otherwise why not, as a whole sentence. Never rejects. */
export type WriteWhole<Value> = (value: Value) => Promise<string | null>;

/** Writes one value at a time, and of those that come meanwhile only the last. */
export class LatestWriter<Value> {
  readonly #write: WriteWhole<Value>;
  readonly #wrote: (problem: string | null) => void;
  #next: { readonly value: Value } | null = null;
  #working: Promise<void> | null = null;

  /** `wrote` is told what came of each write. */
  constructor(write: WriteWhole<Value>, wrote: (problem: string | null) => void) {
    this.#write = write;
    this.#wrote = wrote;
  }

  /** Resolves once nothing is left to be written: this value or a later one has been, or could not be. */
  write(value: Value): Promise<void> {
    this.#next = { value };
    this.#working ??= this.#work();
    return this.#working;
  }

  async #work(): Promise<void> {
    // What is said of several services in one turn is written once.
    await Promise.resolve();
    for (let next = this.#next; next !== null; next = this.#next) {
      this.#next = null;
      this.#wrote(await this.#write(next.value));
    }
    this.#working = null;
  }
}
