import { LINE_LIMIT } from "./line-framer.ts";
import { ENTRY_SIZE } from "./slot-entry.ts";

/** Pipes beyond this many have no place: what is left of their lines dies with the thread. */
export const MOST_SLOTS = 8192;

/** A word for each pipe; they lie at the beginning of the file. */
export const CARRY_TABLE_SIZE = 4 * MOST_SLOTS;

/** Behind them whose each pipe is, behind that what the file is, and at last the places of what is carried. */
export const HEADER_AT = CARRY_TABLE_SIZE + ENTRY_SIZE * MOST_SLOTS;
const PLACES_AT = HEADER_AT + 4096;

const SECOND_PLACE = 2 ** 31;
const CONTINUES = 2 ** 30;
const MET = 2 ** 29;
const LENGTH = MET - 1;

/** A file of which only what was written takes room. */
export interface CarryFile {
  write(bytes: Uint8Array, offset: number): void;
  read(length: number, offset: number): Uint8Array;
}

/** The beginning of a line whose end has not come. */
export interface Carry {
  readonly rest: Uint8Array;
  /** true: of this line, pieces were given out before. */
  readonly continues: boolean;
}

/**
 * What has been taken out of pipes and not been written, because it is no line yet, where a successor finds it. Each pipe has
 * two places, which are used in turn; its word says which one counts and how much is in it.
 */
export class CarryStore {
  readonly #table: Uint32Array;
  readonly #file: CarryFile;

  /** `table`: the first CARRY_TABLE_SIZE bytes of the file, as words. */
  constructor(table: Uint32Array, file: CarryFile) {
    this.#table = table;
    this.#file = file;
  }

  load(slot: number): Carry {
    const word = this.#table[slot] ?? 0;
    const length = word & LENGTH;
    const rest = length === 0 ? new Uint8Array(0) : this.#file.read(length, offsetOf(slot, word));
    return { rest, continues: (word & CONTINUES) !== 0 };
  }

  /** Writes it to the place that does not count; gives the word with which it will. */
  prepare(slot: number, { rest, continues }: Carry): number {
    if (rest.length === 0) return continues ? CONTINUES : 0;
    const place = ((this.#table[slot] ?? 0) & SECOND_PLACE) === 0 ? SECOND_PLACE : 0;
    const word = (place | (continues ? CONTINUES : 0) | rest.length) >>> 0;
    this.#file.write(rest, offsetOf(slot, word));
    return word;
  }

  /** From now on the place counts that `prepare` has written. */
  apply(slot: number, word: number): void {
    this.#table[slot] = word | ((this.#table[slot] ?? 0) & MET);
  }

  /** Notes that what was expected of the run has come; to be done before the bytes that say so are taken. */
  noteMet(slot: number): void {
    this.#table[slot] = (this.#table[slot] ?? 0) | MET;
  }

  /** true: it was noted, whether or not anybody was told. */
  isMet(slot: number): boolean {
    return ((this.#table[slot] ?? 0) & MET) !== 0;
  }
}

function offsetOf(slot: number, word: number): number {
  return PLACES_AT + (2 * slot + ((word & SECOND_PLACE) === 0 ? 0 : 1)) * LINE_LIMIT;
}
