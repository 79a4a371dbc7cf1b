/** Bytes for a reader that takes them at its own pace. */
export class OutputQueue {
  readonly body: ReadableStream<Uint8Array>;
  readonly #waiting: { readonly bytes: Uint8Array; readonly taken: () => void }[] = [];
  #size = 0;
  #isEnding = false;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #wake: (() => void) | null = null;

  /** `left` is called when the reader has gone; not after `end`. */
  constructor(left: () => void) {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          // The runtime sends the headers with the first bytes: without this the reader would not know that it is heard.
          controller.enqueue(new Uint8Array([NEWLINE]));
        },
        pull: () => this.#give(),
        cancel: () => {
          const wasOpen = this.#controller !== null;
          this.#controller = null;
          this.#wake?.();
          if (wasOpen) left();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
    );
  }

  /** Bytes that the reader has still to take. */
  get size(): number {
    return this.#size;
  }

  /** `taken` is called when the reader takes them. */
  add(bytes: Uint8Array, taken: () => void = () => {}): void {
    if (this.#controller === null) return;
    this.#size += bytes.length;
    this.#waiting.push({ bytes, taken });
    this.#wake?.();
  }

  /** Ends the answer, once all of it was taken. */
  end(): void {
    this.#isEnding = true;
    this.#wake?.();
  }

  async #give(): Promise<void> {
    while (this.#waiting.length === 0 && !this.#isEnding && this.#controller !== null) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = null;
    }
    const next = this.#waiting.shift();
    if (next === undefined) {
      const controller = this.#controller;
      this.#controller = null;
      controller?.close();
      return;
    }
    this.#size -= next.bytes.length;
    this.#controller?.enqueue(next.bytes);
    next.taken();
  }
}

const NEWLINE = 10;
