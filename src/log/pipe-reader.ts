import type { Carry } from "./carry-store.ts";
import { LINE_LIMIT, LineFramer, type Block } from "./line-framer.ts";
import { MOST_STRETCH } from "./pipe-journal.ts";
import { PipePace } from "./pipe-pace.ts";
import type { Pipe } from "./plane-messages.ts";

/** What a look into a pipe gives: bytes, nothing now, or the news that no writer is left. */
export type PipeRead =
  | { readonly tag: "read"; readonly count: number }
  | { readonly tag: "empty" }
  | { readonly tag: "ended" }
  | { readonly tag: "failed"; readonly errno: string };

export interface PipePorts {
  /** Copies what is at the front of the pipe; `settle` takes it. */
  readPipe(fd: number, buffer: Uint8Array, room: { readonly offset: number; readonly most: number }): PipeRead;
  /** Bytes that wait in the pipe now. */
  waitingInPipe(fd: number): number;
  /** What a predecessor had taken of the pipe without writing it. */
  carryOf(pipe: Pipe): Carry;
  /** Notes, where a successor finds it, that what was expected of the run of this pipe has come. */
  noteMet(pipe: Pipe): void;
  isMet(pipe: Pipe): boolean;
  /** Between this and `settle`, what is written of the `count` bytes read last counts only if `settle` is reached. */
  begin(pipe: Pipe, count: number): void;
  /** All that was given out is written: takes the bytes out of the pipe, and keeps what is left of them. */
  settle(pipe: Pipe, carry: Carry): void;
}

/** Who reads at most how much, and into what. */
export interface ReadTurn {
  readonly ports: PipePorts;
  /** Of READ_BUFFER_SIZE; shared by all pipes, used only within a call. */
  readonly buffer: Uint8Array;
  /** The turn ends when this many bytes were read, or up to a read more. */
  readonly most: number;
  /** A read that brings less ends it too, as there hardly is more; 0: only one that brings nothing. */
  readonly enough: number;
  /** true: what was read just now stays in the pipe for another turn. */
  mustYield(): boolean;
  write(block: Block): void;
}

/** Room for what is left of a line, for one read, and for the newline that a last line may lack. */
export const READ_BUFFER_SIZE = LINE_LIMIT + MOST_STRETCH + 1;

/** One pipe of one run: bytes in, blocks of lines out. */
export class PipeReader {
  readonly pipe: Pipe;
  readonly pace = new PipePace();
  readonly #framer = new LineFramer();
  /** Bytes that the last turn has brought. */
  found = 0;
  /** The errno of a read that failed; null while none has. */
  failure: string | null = null;

  constructor(pipe: Pipe, carry: Carry) {
    this.pipe = pipe;
    this.#framer.resume(carry.rest, carry.continues);
  }

  /** Reads until the turn is over; says why it was: "more" if there may be more at once, "yielded" if it was cut short. */
  read(turn: ReadTurn): "more" | "yielded" | Exclude<PipeRead["tag"], "read"> {
    this.found = 0;
    while (this.found < turn.most) {
      const offset = this.#framer.begin(turn.buffer);
      const result = turn.ports.readPipe(this.pipe.fd, turn.buffer, { offset, most: MOST_STRETCH });
      if (result.tag === "failed") this.failure = result.errno;
      if (result.tag !== "read") return result.tag;
      if (turn.mustYield()) return "yielded";
      this.#write(turn, result.count, () => this.#framer.take(turn.buffer, offset + result.count));
      this.found += result.count;
      if (result.count < turn.enough) return "empty";
    }
    return "more";
  }

  /** Gives the line that has not ended, if there is one: nothing will follow that belongs to it. */
  finishLine(turn: ReadTurn): void {
    if (!this.hasOpenLine) return;
    this.#write(turn, 0, () => {
      const block = this.#framer.finish(turn.buffer);
      return block === null ? [] : [block];
    });
  }

  /** true: a line has begun and not ended. */
  get hasOpenLine(): boolean {
    return this.#framer.rest.length > 0 || this.#framer.continues;
  }

  /** A fault in the writing loses the stretch: to try it again and again would stop everything. */
  #write(turn: ReadTurn, count: number, frame: () => readonly Block[]): void {
    turn.ports.begin(this.pipe, count);
    try {
      for (const block of frame()) turn.write(block);
    } finally {
      const { rest, continues } = this.#framer;
      turn.ports.settle(this.pipe, { rest, continues });
    }
  }
}
