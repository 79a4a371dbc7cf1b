import type { Carry, CarryStore } from "./carry-store.ts";
import type { LogFiles } from "./log-files.ts";
import { type PipeJournal, undoStretch } from "./pipe-journal.ts";
import type { PipePorts, PipeRead } from "./pipe-reader.ts";

/** Pipes that can be looked into without taking anything, and from which what is taken is counted. */
export interface PeekedPipes {
  peek(fd: number, buffer: Uint8Array, room: { readonly offset: number; readonly most: number }): PipeRead;
  take(fd: number, count: number): void;
  /** Bytes that were taken since `forget`. */
  readonly taken: number;
  forget(): void;
  waiting(fd: number): number;
}

export interface StretchParts {
  readonly journal: PipeJournal;
  readonly carries: CarryStore;
  readonly pipes: PeekedPipes;
}

/** A pipe that has no place among the carries. */
export const NO_SLOT = -1;

const NO_CARRY: Carry = { rest: new Uint8Array(0), continues: false };

/** Stretches of pipes, each written entirely or not at all: the essay in PipeJournal says how. */
export function stretchesOf({ journal, carries, pipes }: StretchParts): PipePorts {
  return {
    readPipe: (fd, buffer, room) => pipes.peek(fd, buffer, room),
    waitingInPipe: (fd) => pipes.waiting(fd),
    carryOf: ({ slot }) => (slot === NO_SLOT ? NO_CARRY : carries.load(slot)),
    begin: () => journal.begin(),
    settle({ fd, slot }, count, carry) {
      const word = slot === NO_SLOT ? 0 : carries.prepare(slot, carry);
      journal.commit({ slot, count, carry: word });
      if (count > 0) pipes.take(fd, count);
      if (slot !== NO_SLOT) carries.apply(slot, word);
      journal.finish();
      if (count > 0) pipes.forget();
    },
  };
}

/**
 * Brings to its end, or undoes, what a predecessor has begun; to be called before anything else is done with its files and
 * pipes. `fd`: the pipe that it was at work on, null if that is gone. Gives the files that could not be cut back.
 */
export function finishStretch(parts: StretchParts, files: LogFiles, fd: number | null): readonly string[] {
  const { journal, carries, pipes } = parts;
  const { taking } = journal;
  const failed = undoStretch(journal.touched, files);
  if (taking !== null && taking.slot !== NO_SLOT && fd !== null) {
    pipes.take(fd, taking.count - pipes.taken);
    carries.apply(taking.slot, taking.carry);
  }
  journal.finish();
  pipes.forget();
  return failed;
}
