import type { DirectLogFiles } from "./direct-files.ts";
import { type Block, LINE_LIMIT, LineFramer } from "./line-framer.ts";

/** What is read at a time. */
const PIECE = 64 * 1024;

/** Reads what is appended to an open file, as lines, from its present end on. */
export class FileFollower {
  readonly fd: number;
  readonly #files: DirectLogFiles;
  readonly #framer = new LineFramer(LINE_LIMIT);
  readonly #buffer = new Uint8Array(LINE_LIMIT + PIECE + 1);
  #position: number;

  /** `position`: where the lines begin that are to be told of, in bytes. The descriptor stays the caller's. */
  constructor(fd: number, position: number, files: DirectLogFiles) {
    this.fd = fd;
    this.#position = position;
    this.#files = files;
  }

  /** The place before which every line has been told of, and no other. */
  get position(): number {
    return this.#position - this.#framer.rest.length;
  }

  /** Tells of the lines that have come since. `size` is that of the file, in bytes; a smaller one than before: it was emptied. */
  read(size: number, tell: (block: Block) => void): void {
    if (size < this.#position) {
      this.end(tell);
      this.#position = 0;
    }
    while (this.#position < size) {
      const start = this.#framer.begin(this.#buffer);
      const room = this.#buffer.subarray(start, start + Math.min(PIECE, size - this.#position));
      const count = this.#files.readLogAt(this.fd, room, this.#position);
      if (count === 0) return;
      this.#position += count;
      for (const block of this.#framer.take(this.#buffer, start + count)) tell(block);
    }
  }

  /** Nothing more follows: a line that has not ended counts as one. */
  end(tell: (block: Block) => void): void {
    const block = this.#framer.finish(this.#buffer);
    if (block !== null) tell(block);
  }
}
