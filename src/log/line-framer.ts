/*
 * Where lines begin and end in a stream that arrives in pieces. A block is a stretch of the reader's own buffer: whole
 * lines, each with its newline, so that it can be written as it is; nothing is copied but the unfinished rest, from one
 * read to the next. A line that is longer than the limit is given on in pieces of that many bytes (up to three fewer, so
 * that no UTF-8 character is cut), which bounds memory; the outcome does not depend on how the stream was cut.
 */

/** Lines in a buffer; only right until the buffer is used again. */
export interface Block {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** true: the first line is the continuation of one whose beginning was in an earlier block. */
  readonly continues: boolean;
  /** true: all of it is a piece of one long line, which goes on in a later block; otherwise the last byte is a newline. */
  readonly unfinished: boolean;
  /** Where each record ends, if several lines may make one; without it each line is one. Never of an unfinished block. */
  readonly records?: readonly number[];
}

/** The most bytes of a line that are held back while its end has not come; also the size of the pieces of a longer one. */
export const LINE_LIMIT = 64 * 1024;

export const NEWLINE = 10;
const NOTHING = new Uint8Array(0);

/** Finds the lines of one stream. The buffer has room for `limit` bytes, what is added at a time, and one byte more. */
export class LineFramer {
  readonly #limit: number;
  #rest: Uint8Array = NOTHING;
  #continues = false;

  constructor(limit: number = LINE_LIMIT) {
    this.#limit = limit;
  }

  /** What was left when another framer of the same stream had to stop. */
  resume(rest: Uint8Array, continues: boolean): void {
    this.#rest = rest;
    this.#continues = continues;
  }

  /** What has been taken and not been given: the beginning of a line. Empty if there is nothing. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /** true: what was given last was a piece of a line that goes on. */
  get continues(): boolean {
    return this.#continues;
  }

  /** Puts what is left of earlier reads at the beginning of `buffer`; new bytes belong after it, at the returned offset. */
  begin(buffer: Uint8Array): number {
    if (this.#rest.length > 0) buffer.set(this.#rest);
    return this.#rest.length;
  }

  /** Takes the buffer up to `end`, after `begin` and a read. Gives the blocks that are ready; the rest is kept. */
  take(buffer: Uint8Array, end: number): readonly Block[] {
    const blocks: Block[] = [];
    let given = 0;
    let start = 0;
    while (start < end) {
      // The last newline that is near enough, so that only few of them are looked at.
      const most = Math.min(end, start + this.#limit + 1);
      const newline = buffer.lastIndexOf(NEWLINE, most - 1);
      if (newline >= start) {
        start = newline + 1;
        continue;
      }
      if (end - start <= this.#limit) break;
      this.#give(buffer, { start: given, end: start }, blocks);
      start = this.#givePiece(buffer, start, blocks);
      given = start;
    }
    this.#give(buffer, { start: given, end: start }, blocks);
    this.#rest = start === end ? NOTHING : buffer.slice(start, end);
    return blocks;
  }

  /** The stream stops here: gives what is left as a line, with the newline that it lacks; null if nothing is. */
  finish(buffer: Uint8Array): Block | null {
    if (this.#rest.length === 0 && !this.#continues) return null;
    const end = this.begin(buffer);
    buffer[end] = NEWLINE;
    const block = { bytes: buffer, start: 0, end: end + 1, continues: this.#continues, unfinished: false };
    this.#rest = NOTHING;
    this.#continues = false;
    return block;
  }

  /** Gives whole lines, if there are any. */
  #give(buffer: Uint8Array, { start, end }: { readonly start: number; readonly end: number }, blocks: Block[]): void {
    if (start === end) return;
    blocks.push({ bytes: buffer, start, end, continues: this.#continues, unfinished: false });
    this.#continues = false;
  }

  /** Gives as much of a line as is given at a time; where the rest of it begins. */
  #givePiece(buffer: Uint8Array, start: number, blocks: Block[]): number {
    const end = characterStartOf(buffer, start + this.#limit);
    blocks.push({ bytes: buffer, start, end, continues: this.#continues, unfinished: true });
    this.#continues = true;
    return end;
  }
}

/** The beginning of the UTF-8 character that `index` is in; `index` itself in bytes that are no UTF-8. */
function characterStartOf(bytes: Uint8Array, index: number): number {
  for (let start = index; start > index - 4; start--) {
    if (((bytes[start] ?? 0) & 0xc0) !== 0x80) return start;
  }
  return index;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The lines of a block as text, without their newlines; what is not UTF-8 becomes U+FFFD. */
export function textLinesOf(block: Block): readonly string[] {
  const end = block.unfinished ? block.end : block.end - 1;
  return decoder.decode(block.bytes.subarray(block.start, end)).split("\n");
}

/** Lines in a block; an unfinished piece counts as one. */
export function lineCountOf(block: Block): number {
  return block.unfinished ? 1 : newlinesIn(block.bytes, block.start, block.end);
}

/** Newlines between `start` and `end`. */
export function newlinesIn(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE, start); at >= 0 && at < end; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

/** The block without its first `count` records; null if nothing is left. */
export function blockAfter(block: Block, count: number): Block | null {
  if (count === 0) return block;
  const { records } = block;
  const start = records === undefined ? lineStartAfter(block, count) : (records[count - 1] ?? block.end);
  if (start >= block.end) return null;
  return { ...block, start, continues: false, ...(records === undefined ? {} : { records: records.slice(count) }) };
}

function lineStartAfter(block: Block, count: number): number {
  let start = block.start;
  for (let left = count; left > 0 && start < block.end; left--) {
    const found = block.bytes.indexOf(NEWLINE, start);
    start = found < 0 ? block.end : found + 1;
  }
  return start;
}
