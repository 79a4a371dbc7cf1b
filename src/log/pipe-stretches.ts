import type { Carry, CarryStore } from "./carry-store.ts";
import type { LogFiles } from "./log-files.ts";
import { type PipeJournal, undoStretch } from "./pipe-journal.ts";
import type { PipePorts, PipeRead } from "./pipe-reader.ts";

/** Pipes that can be looked into without taking anything. */
export interface PeekedPipes {
  peek(fd: number, buffer: Uint8Array, room: { readonly offset: number; readonly most: number }): PipeRead;
  /** Takes as many bytes as there is room for, all with one call; fewer if there are no more. */
  take(fd: number, room: Uint8Array): void;
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
  let last = 0;
  return {
    readPipe(fd, buffer, room) {
      const result = pipes.peek(fd, buffer, room);
      if (result.tag === "read") last = buffer[room.offset + result.count - 1] ?? 0;
      return result;
    },
    waitingInPipe: (fd) => pipes.waiting(fd),
    carryOf: ({ slot }) => (slot === NO_SLOT ? NO_CARRY : carries.load(slot)),
    noteMet({ slot }) {
      if (slot !== NO_SLOT) carries.noteMet(slot);
    },
    isMet: ({ slot }) => slot !== NO_SLOT && carries.isMet(slot),
    begin: ({ slot }, count) => journal.begin({ slot, count }),
    settle({ fd, slot }, carry) {
      const word = slot === NO_SLOT ? 0 : carries.prepare(slot, carry);
      const room = journal.commit(word, last);
      if (room.length > 0) pipes.take(fd, room);
      if (slot !== NO_SLOT) carries.apply(slot, word);
      journal.finish();
    },
  };
}

/**
 * Brings to its end, or undoes, what a predecessor has begun; to be called before anything else is done with its files and
 * pipes. `fd`: the pipe that it was at work on, null if that is gone. Gives the files that could not be cut back.
 */
export function finishStretch(parts: StretchParts, files: LogFiles, fd: number | null): readonly string[] {
  const { journal, carries, pipes } = parts;
  const { unsettled, taking } = journal;
  if (unsettled === null) return [];
  const { slot, count } = unsettled;
  let failed: readonly string[] = [];
  if (taking !== null) {
    const room = journal.roomToTake;
    if (room !== null && fd !== null) pipes.take(fd, room);
    if (slot !== NO_SLOT) carries.apply(slot, taking.carry);
  } else if (count === 0 || (fd !== null && pipes.waiting(fd) >= count)) {
    failed = undoStretch(journal.touched, files);
  } else if (slot !== NO_SLOT) {
    // The pipe is lost: what is written of it stays, with the line that it has ended or gone on with.
    carries.apply(slot, 0);
  }
  journal.finish();
  return failed;
}
