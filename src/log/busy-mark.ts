/** The memory behind a mark; nobody is busy. */
export function newBusyMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(8);
}

/** Since when a thread has been at work on what woke it, in memory that another thread can read while the first is stuck. */
export class BusyMark {
  readonly #since: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#since = new Float64Array(memory);
  }

  /** `at` is now, in microseconds on a clock that both threads share. */
  begin(at: number): void {
    this.#since[0] = at;
  }

  end(): void {
    this.#since[0] = 0;
  }

  /** How long it has been so, in microseconds; 0: it is not. */
  lastsAt(at: number): number {
    const since = this.#since[0] ?? 0;
    return since === 0 ? 0 : at - since;
  }
}
