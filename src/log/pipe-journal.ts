/*
 * Why no line is lost, and none written twice, when the thread or the process that writes it dies at any instant, and every
 * other process of ours with it.
 *
 * What a service has written is in the kernel's pipe, which outlives us. A stretch of it is looked at, not taken; its lines
 * are written to their files; and only then is it taken out of the pipe. All this is one _stretch_, and this journal, in
 * memory that a successor reads, says how far it has come:
 *
 * - _writing_: nothing has been taken. Before a file is written for the first time, its identity and its length are noted,
 *   and before each write the length that it will have. A successor that finds this state cuts each of these files back to
 *   the noted length, under whatever name a rotation has given it meanwhile, and the stretch has never happened: it is still
 *   in the pipe, and is looked at again. A file that is longer than we would have made it has been written by somebody else,
 *   and is left as it is: better a line twice than a line lost. If the pipe was lost instead (its last holder has ended while
 *   nobody of ours was there), what was written of it is all that there will ever be, and stays.
 * - _taking_: everything is written; so many bytes are to be taken. They are read with a single call into a place of this
 *   journal. The kernel copies what is in a pipe and takes it out within one call that no signal ends, so either all of it has
 *   happened or nothing. Which of the two, the place itself says: before the call, its last byte is made another one than the
 *   last of the stretch. A successor that does not find the last byte of the stretch there does the reading itself.
 * - _idle_: nothing is under way.
 *
 * Each transition is the store of one word, so there is nothing between them. The beginning of a line whose end has not come
 * is taken with the stretch, and lies in a file (CarryStore); of its two places for each pipe, _taking_ says which
 * is the new one.
 *
 * Not covered, as none of it is in a file: lines that a file refused and that are held back in memory, and records of several
 * lines that are underway, but how many they are is said; what went to syslog may go there twice. And a crash of the machine, for which each stretch would have to wait for the disk.
 */
import type { LogFiles } from "./log-files.ts";
import { rotatedNameOf } from "./rotated-files.ts";

/** The most that is looked at, and taken, at a time, in bytes: few enough to be in the processor's cache still when they are written. */
export const MOST_STRETCH = 256 * 1024;

/** Room for the files of a stretch, some hundreds. */
const NOTES_SIZE = 64 * 1024;

/** What the journal needs, in bytes. */
export const JOURNAL_SIZE = NOTES_SIZE + MOST_STRETCH;

const IDLE = 0;
const WRITING = 1;
const TAKING = 2;

/** 32-bit words: how far it is, which pipe, bytes to take and the last of them, where its carry will be, files noted, bytes used by them, lines in memory alone, and those on their way to whoever writes them. */
const STATE = 0;
const SLOT = 1;
const COUNT = 2;
const CARRY = 3;
const FILES = 4;
const USED = 5;
const LAST = 6;
const HELD = 7;
const UNDERWAY = 8;
const HEADER_BYTES = 64;

/** An entry: length before and after (64 bits each), length of the two texts (16 bits each), identity, path. */
const AFTER_AT = 8;
const IDENTITY_LENGTH_AT = 16;
const PATH_LENGTH_AT = 18;
const TEXT_AT = 20;

/** A file that was written in a stretch that came to nothing. */
export interface TouchedFile {
  readonly path: string;
  readonly identity: string;
  /** Its length in bytes before the stretch, and the most that it may have been given since. */
  readonly before: number;
  readonly after: number;
}

/** Which pipe a stretch is of, by its place, and how many bytes of it; 0: it only ends a line that was taken before. */
export interface Stretch {
  readonly slot: number;
  readonly count: number;
}

/** A stretch of which everything is written, to be taken out of its pipe. */
export interface Taking extends Stretch {
  readonly carry: number;
}

/** How a log file is named in the journal; made once for each file that is opened. */
export interface JournalName {
  readonly identity: Uint8Array;
  readonly path: Uint8Array;
}

export class PipeJournal {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #room: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #stretch = 0;

  /** `memory`: of JOURNAL_SIZE, aligned to a word, zero at first. */
  constructor(memory: Uint8Array<ArrayBuffer>) {
    this.#words = new Uint32Array(memory.buffer, memory.byteOffset, HEADER_BYTES / 4);
    this.#bytes = memory.subarray(0, NOTES_SIZE);
    this.#room = memory.subarray(NOTES_SIZE, JOURNAL_SIZE);
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  }

  /** Another number for each stretch; 0 outside of one. */
  get stretch(): number {
    return this.#words[STATE] === WRITING ? this.#stretch : 0;
  }

  /** The bytes are looked at, and about to be written. */
  begin({ slot, count }: Stretch): void {
    this.#stretch++;
    this.#words[STATE] = IDLE;
    this.#words[SLOT] = slot;
    this.#words[COUNT] = count;
    this.#words[FILES] = 0;
    this.#words[USED] = HEADER_BYTES;
    this.#words[STATE] = WRITING;
  }

  /** Notes a file that is about to be written for the first time in this stretch; gives where, for `expect`. */
  note(name: JournalName, before: number): number {
    const length = TEXT_AT + name.identity.length + name.path.length;
    let at = this.#words[USED] ?? HEADER_BYTES;
    if (at + length > this.#bytes.length) {
      // So many files in one stretch: the first of them have been rotated away long since.
      this.#words[FILES] = 0;
      at = HEADER_BYTES;
    }
    this.#view.setFloat64(at, before);
    this.#view.setFloat64(at + AFTER_AT, before);
    this.#view.setUint16(at + IDENTITY_LENGTH_AT, name.identity.length);
    this.#view.setUint16(at + PATH_LENGTH_AT, name.path.length);
    this.#bytes.set(name.identity, at + TEXT_AT);
    this.#bytes.set(name.path, at + TEXT_AT + name.identity.length);
    this.#words[USED] = (at + length + 7) & ~7;
    this.#words[FILES] = (this.#words[FILES] ?? 0) + 1;
    return at;
  }

  /** The noted file may be `after` bytes long from now on. */
  expect(at: number, after: number): void {
    this.#view.setFloat64(at + AFTER_AT, after);
  }

  /**
   * Everything is written: from here on the stretch is taken, whatever happens. `last`: its last byte. Gives the room that it is to
   * be read into, with one call.
   */
  commit(carry: number, last: number): Uint8Array {
    const count = this.#words[COUNT] ?? 0;
    if (count > 0) this.#room[count - 1] = ~last;
    this.#words[LAST] = last;
    this.#words[CARRY] = carry;
    this.#words[STATE] = TAKING;
    return this.#room.subarray(0, count);
  }

  /** What was to be taken is taken. */
  finish(): void {
    this.#words[STATE] = IDLE;
  }

  /** Lines that were taken and are in no file yet, but in memory alone: they are lost with the thread. */
  get held(): number {
    return this.#words[HELD] ?? 0;
  }

  set held(count: number) {
    this.#words[HELD] = Math.max(0, count);
  }

  /** Lines that were taken and are on their way to a file that another thread writes; how far they have come is told later. */
  get underway(): number {
    return this.#words[UNDERWAY] ?? 0;
  }

  set underway(count: number) {
    this.#words[UNDERWAY] = Math.max(0, count);
  }

  /** What a predecessor has not finished; null: nothing. */
  get unsettled(): Stretch | null {
    // A slot may be negative.
    return this.#words[STATE] === IDLE ? null : { slot: (this.#words[SLOT] ?? 0) | 0, count: this.#words[COUNT] ?? 0 };
  }

  /** What a predecessor had to take; null: nothing. */
  get taking(): Taking | null {
    const { unsettled } = this;
    if (unsettled === null || this.#words[STATE] !== TAKING) return null;
    return { ...unsettled, carry: this.#words[CARRY] ?? 0 };
  }

  /** Where it was to be read into; null: it was. */
  get roomToTake(): Uint8Array | null {
    const count = this.#words[COUNT] ?? 0;
    const isTaken = count === 0 || this.#room[count - 1] === this.#words[LAST];
    return isTaken ? null : this.#room.subarray(0, count);
  }

  /** What a predecessor has written of a stretch that it did not finish, the first file first. */
  get touched(): readonly TouchedFile[] {
    const files: TouchedFile[] = [];
    if (this.#words[STATE] !== WRITING) return files;
    for (let at = HEADER_BYTES, left = this.#words[FILES] ?? 0; left > 0; left--) {
      const middle = at + TEXT_AT + this.#view.getUint16(at + IDENTITY_LENGTH_AT);
      const end = middle + this.#view.getUint16(at + PATH_LENGTH_AT);
      files.push({
        path: decoder.decode(this.#bytes.subarray(middle, end)),
        identity: decoder.decode(this.#bytes.subarray(at + TEXT_AT, middle)),
        before: this.#view.getFloat64(at),
        after: this.#view.getFloat64(at + AFTER_AT),
      });
      at = (end + 7) & ~7;
    }
    return files;
  }
}

const decoder = new TextDecoder();

/** Cuts the files back to what they were before the stretch; gives the paths of those that could not be. */
export function undoStretch(touched: readonly TouchedFile[], files: LogFiles): readonly string[] {
  return touched.toReversed().flatMap((file) => {
    const name = presentNameOf(file, files);
    return name === null || files.cutLogFile(name, file) ? [] : [file.path];
  });
}

/** A rotation that came to no end leaves a gap in the numbers; so many in a row are their end. */
const LONGEST_GAP = 16;

/** Under which name the file is now; null if it is gone. */
function presentNameOf({ path, identity }: TouchedFile, files: LogFiles): string | null {
  for (let index = 0, missing = 0; missing < LONGEST_GAP; index++) {
    const name = rotatedNameOf(path, index);
    const look = files.lookAtLogFile(name);
    if (look?.identity === identity) return name;
    missing = look === null ? missing + 1 : 0;
  }
  return null;
}
