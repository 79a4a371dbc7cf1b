/** Where bytes go: how many of them were taken, or -1 if they go nowhere any more. */
interface Drain {
  write(bytes: Uint8Array): number;
}

/** What a socket has not taken yet, in order. Whoever writes waits for `emptied` before there is more of it. */
export class OutgoingBytes {
  readonly #drain: Drain;
  #waiting: Uint8Array[] = [];
  #listeners: (() => void)[] = [];

  constructor(drain: Drain) {
    this.#drain = drain;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  write(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    if (this.#waiting.length === 1) this.flush();
  }

  /** Writes what the socket takes; true: that was all. */
  flush(): boolean {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const taken = this.#drain.write(next);
      if (taken < 0) {
        this.drop();
        return false;
      }
      if (taken < next.length) {
        this.#waiting[0] = next.subarray(taken);
        return false;
      }
      this.#waiting.shift();
    }
    this.#tell();
    return true;
  }

  /** Done when nothing is left to be written, be it that there is nobody any more to write it to. */
  emptied(): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    return new Promise((resolve) => this.#listeners.push(resolve));
  }

  /** There is nobody any more to write to. */
  drop(): void {
    this.#waiting = [];
    this.#tell();
  }

  #tell(): void {
    for (const listen of this.#listeners.splice(0)) listen();
  }
}
