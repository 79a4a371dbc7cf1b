/** The memory behind a count of 0. */
export function newPostedMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(4);
}

/** How many arrays of messages were posted to a thread, in memory into which that can look in the middle of its work. */
export class PostedCount {
  readonly #count: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#count = new Int32Array(memory);
  }

  /** One more was posted. */
  add(): void {
    Atomics.add(this.#count, 0, 1);
  }

  /** true: there are some that are not among the first `received`. Both counts may have begun anew after 2^32. */
  isBeyond(received: number): boolean {
    return ((Atomics.load(this.#count, 0) - received) | 0) > 0;
  }
}
