/*
 * A thread that reads, under the eyes of the main thread: an expression may take for ever on a single line, and nothing but
 * the end of its thread stops it. What is measured is the thread's own processor time without progress: a busy machine or a
 * slow disk does not make it guilty.
 */
import { CREDITS, type FromReader, type WrittenLines } from "./read-messages.ts";
import type { ReadRequest } from "./read-request.ts";
import type { ReaderThread, StartReaderThread } from "./reader-thread.ts";

export interface WatchPorts {
  readonly startThread: StartReaderThread;
  /** Processor time of a thread of this process, in milliseconds; null: there is none. */
  processorTimeOf(thread: number): number | null;
  /** Calls `look` again and again, until the returned function is called. In milliseconds. */
  every(interval: number, look: () => void): () => void;
}

/** What a thread may use for one piece of work, which is some hundred KiB of lines at most, in milliseconds. */
const MOST_FOR_A_PIECE = 2_000;
const LOOK_EVERY = 500;

export type Heard = Exclude<FromReader, { readonly tag: "began" }>;

export interface WatchedListener {
  said(message: Heard): void;
  /** It will say nothing more. `reason` is for people. */
  failed(reason: string): void;
  /** The thread is no more, however that came; called once, unless there never was one. */
  ended(): void;
}

export class WatchedReader {
  readonly #ports: WatchPorts;
  readonly #listener: WatchedListener;
  readonly #progress = new SharedArrayBuffer(4);
  readonly #thread: ReaderThread;
  #number: number | null = null;
  #isOver = false;
  /** Messages that have not been answered. */
  #pending = 0;
  #credits = CREDITS;
  #seen = -1;
  #usedBefore = 0;
  #stopLooking: (() => void) | null = null;

  /** Begins to read. Throws if the machine has no thread to give. */
  constructor(request: ReadRequest, ports: WatchPorts, listener: WatchedListener) {
    this.#ports = ports;
    this.#listener = listener;
    this.#thread = ports.startThread({
      said: (message) => this.#hear(message),
      ended: () => {
        this.#fail("the thread that reads has died");
        listener.ended();
      },
    });
    this.#begin();
    this.#thread.post({ tag: "read", request, progress: this.#progress });
  }

  /** A chunk was taken: another may come. */
  more(): void {
    this.#credits++;
    if (this.#pending > 0) this.#watch();
    this.#thread.post({ tag: "more" });
  }

  /** Only after the past was read. Answered by `live-read`. */
  filter(written: WrittenLines): void {
    this.#begin();
    this.#thread.post({ tag: "live", ...written });
  }

  /** Ends the thread; nothing is heard of it any more but its end. */
  end(): void {
    this.#isOver = true;
    this.#rest();
    this.#thread.end();
  }

  #hear(message: FromReader): void {
    if (this.#isOver) return;
    if (message.tag === "began") {
      this.#number = message.thread;
      return;
    }
    // Without credits it waits for whoever reads.
    if (message.tag === "chunk" ? --this.#credits === 0 : --this.#pending === 0) this.#rest();
    Atomics.add(new Int32Array(this.#progress), 0, 1);
    this.#listener.said(message);
  }

  #begin(): void {
    this.#pending++;
    this.#watch();
  }

  #watch(): void {
    if (this.#isOver) return;
    this.#stopLooking ??= this.#ports.every(LOOK_EVERY, () => this.#look());
  }

  #rest(): void {
    this.#stopLooking?.();
    this.#stopLooking = null;
  }

  #look(): void {
    const used = this.#number === null ? null : this.#ports.processorTimeOf(this.#number);
    if (used === null) return;
    const progress = Atomics.load(new Int32Array(this.#progress), 0);
    if (progress !== this.#seen) {
      this.#seen = progress;
      this.#usedBefore = used;
    } else if (used - this.#usedBefore > MOST_FOR_A_PIECE) {
      this.#fail(
        `a few lines took more than ${MOST_FOR_A_PIECE / 1000}s of processor time, the expression is too complex`,
      );
    }
  }

  #fail(reason: string): void {
    if (this.#isOver) return;
    this.end();
    this.#listener.failed(reason);
  }
}
