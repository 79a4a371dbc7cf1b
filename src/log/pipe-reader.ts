import { LINE_LIMIT, LineFramer, type Block } from "./line-framer.ts";
import type { Pipe } from "./plane-messages.ts";

/** What a read of a pipe gives: bytes, nothing now, or the news that no writer is left. */
export type PipeRead =
  | { readonly tag: "read"; readonly count: number }
  | { readonly tag: "empty" }
  | { readonly tag: "ended" }
  | { readonly tag: "failed"; readonly errno: string };

export interface PipePorts {
  readPipe(fd: number, buffer: Uint8Array, room: { readonly offset: number; readonly most: number }): PipeRead;
  /** Bytes that wait in the pipe now. */
  waitingInPipe(fd: number): number;
}

/** Who reads at most how much, and into what. */
export interface ReadTurn {
  readonly ports: PipePorts;
  /** Of READ_BUFFER_SIZE; shared by all pipes, used only within a call. */
  readonly buffer: Uint8Array;
  /** The turn ends when this many bytes were read, or up to a read more. */
  readonly most: number;
  write(block: Block): void;
}

/** Room for what is left of a line, for one read, and for the newline that a last line may lack. */
export const READ_BUFFER_SIZE = 2 * LINE_LIMIT + 1;

/** One pipe of one run: bytes in, blocks of lines out. */
export class PipeReader {
  readonly pipe: Pipe;
  readonly #framer = new LineFramer();
  /** The errno of a read that failed; null while none has. */
  failure: string | null = null;

  constructor(pipe: Pipe) {
    this.pipe = pipe;
  }

  /** Reads until the turn is over; says why it was: "more" if there may be more at once. */
  read(turn: ReadTurn): "more" | Exclude<PipeRead["tag"], "read"> {
    for (let left = turn.most; left > 0;) {
      const offset = this.#framer.begin(turn.buffer);
      const result = turn.ports.readPipe(this.pipe.fd, turn.buffer, { offset, most: LINE_LIMIT });
      if (result.tag === "failed") this.failure = result.errno;
      if (result.tag !== "read") return result.tag;
      for (const block of this.#framer.take(turn.buffer, offset + result.count)) turn.write(block);
      left -= result.count;
      // A short read has emptied the pipe; asking again would only be told so.
      if (result.count < LINE_LIMIT) return "empty";
    }
    return "more";
  }

  /** Gives the line that has not ended, if there is one: nothing will follow that belongs to it. */
  finishLine(turn: ReadTurn): void {
    const block = this.#framer.finish(turn.buffer);
    if (block !== null) turn.write(block);
  }
}
