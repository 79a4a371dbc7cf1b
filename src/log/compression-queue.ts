import type { CompressionJob, CompressionResult } from "./compression-job.ts";
import type { FileKeeper } from "./file-keeper.ts";

/**
 * The logs with rotated files to compress. One file at a time, the logs in turn: the next one is begun only when the last
 * has taken its place, so that nothing is ever written to a file that is about to be used.
 */
export class CompressionQueue {
  readonly #begin: (job: CompressionJob) => void;
  readonly #waiting = new Set<FileKeeper>();
  #running: { readonly keeper: FileKeeper; readonly job: CompressionJob } | null = null;

  /** `begin` has a job done; `finish` is to be called when it is. */
  constructor(begin: (job: CompressionJob) => void) {
    this.#begin = begin;
  }

  add(keeper: FileKeeper): void {
    this.#waiting.add(keeper);
    if (this.#running === null) this.#next();
  }

  /** The job that was begun last is done. `at` is now, in microseconds since 1970. */
  finish(result: CompressionResult, at: number): void {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    running.keeper.finish(running.job, result, at);
    this.#waiting.add(running.keeper);
    this.#next();
  }

  #next(): void {
    for (const keeper of this.#waiting) {
      this.#waiting.delete(keeper);
      const job = keeper.nextJob();
      if (job === null) continue;
      this.#running = { keeper, job };
      return this.#begin(job);
    }
  }
}
