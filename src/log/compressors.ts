import { Compressor, type StartCompressorThread } from "./compressor.ts";

/** A compressor for each lane, so that a file system that does not answer stops no other's. */
export class Compressors {
  readonly #start: StartCompressorThread;
  readonly #known = new Map<string, Compressor>();

  constructor(start: StartCompressorThread) {
    this.#start = start;
  }

  of(lane: string): Compressor {
    const known = this.#known.get(lane) ?? new Compressor(this.#start);
    this.#known.set(lane, known);
    return known;
  }

  /** Ends the threads whatever they are doing; gives the files that they may have begun to write. */
  close(): readonly string[] {
    return [...this.#known.values()].flatMap((compressor) => compressor.close());
  }
}
