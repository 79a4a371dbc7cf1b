import type { CompressionJob, CompressionResult } from "./compression-job.ts";

/** A thread that answers each job with a result, in order. */
export interface CompressorThread {
  post(job: CompressionJob): void;
  end(): void;
}

export interface CompressorListener {
  said(result: CompressionResult): void;
  /** The thread is no more; called once. */
  ended(): void;
}

export type StartCompressorThread = (listener: CompressorListener) => CompressorThread;

interface Pending {
  readonly job: CompressionJob;
  readonly resolve: (result: CompressionResult) => void;
}

/** A thread that is not needed for this long is ended: it takes memory. In milliseconds. */
const LINGER_MS = 5_000;

/**
 * Has files compressed on a thread that is there only while there are any. A job whose thread dies, or that no thread can be
 * had for, has failed.
 */
export class Compressor {
  readonly #start: StartCompressorThread;
  readonly #pending: Pending[] = [];
  #thread: CompressorThread | null = null;
  #linger: NodeJS.Timeout | null = null;

  constructor(start: StartCompressorThread) {
    this.#start = start;
  }

  compress(job: CompressionJob): Promise<CompressionResult> {
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#linger = null;
    try {
      this.#thread ??= this.#begin();
    } catch (error) {
      return Promise.resolve({ tag: "failed", reason: error instanceof Error ? error.message : String(error) });
    }
    this.#thread.post(job);
    return new Promise((resolve) => this.#pending.push({ job, resolve }));
  }

  /** Ends the thread whatever it is doing; gives the files that it may have begun to write. */
  close(): readonly string[] {
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#thread?.end();
    this.#thread = null;
    return this.#pending.splice(0).map(({ job }) => job.target);
  }

  #begin(): CompressorThread {
    const thread = this.#start({
      said: (result) => {
        if (this.#thread === thread) this.#answer(result);
      },
      ended: () => {
        if (this.#thread === thread) this.#fail();
      },
    });
    return thread;
  }

  #answer(result: CompressionResult): void {
    this.#pending.shift()?.resolve(result);
    if (this.#pending.length > 0) return;
    this.#linger = setTimeout(() => this.close(), LINGER_MS);
    this.#linger.unref();
  }

  #fail(): void {
    this.#thread = null;
    for (const { resolve } of this.#pending.splice(0)) resolve({ tag: "failed", reason: "its thread died" });
  }
}

/**
 * A Worker as such a thread. The composition root makes the Worker, because the address of its file is relative to the
 * binary's own entry point. It does not keep the process alive.
 */
export function compressorThreadOf(worker: Worker, listener: CompressorListener): CompressorThread {
  worker.addEventListener("message", (event: MessageEvent<CompressionResult>) => listener.said(event.data));
  // An error is always followed by "close".
  worker.addEventListener("error", (event) => event.preventDefault());
  worker.addEventListener("close", () => listener.ended());
  worker.unref();
  return { post: (job) => worker.postMessage(job), end: () => worker.terminate() };
}
