import { lineCountOf, NEWLINE, type Block } from "./line-framer.ts";
import type { Source } from "./source.ts";

/** The most that is kept in memory of one service. */
export const MOST_LINES = 100;
export const MOST_BYTES = 16 * 1024;

/** A longer line is cut to this many bytes in memory. */
const LONGEST = 4096;
const CUT_MARK = new TextEncoder().encode(" [...]\n");

/** What an entry costs beside its bytes, roughly. */
const OVERHEAD = 64;

export interface KeptLine {
  readonly source: Source;
  /** With its newline. */
  readonly bytes: Uint8Array;
}

/** The last lines of one service, bounded by number and by bytes; those that make room for newer ones are counted. */
export class LastLines {
  readonly #tellDropped: (service: string, lines: number) => void;
  #lines: KeptLine[] = [];
  #cost = 0;
  #dropped = 0;

  /** `tellDropped` hears of lines that had to make room, and whose they were. */
  constructor(tellDropped: (service: string, lines: number) => void = () => undefined) {
    this.#tellDropped = tellDropped;
  }

  get lines(): readonly KeptLine[] {
    return this.#lines;
  }

  /** Lines that are kept, and those that had to make room. */
  get count(): number {
    return this.#lines.length + this.#dropped;
  }

  /** Keeps the lines of the block. Of a line that came in pieces, only the beginning is kept. */
  add(block: Block, source: Source): void {
    const added = lastLinesOf(block, source);
    this.#drop(source, lineCountOf(block) - added.length - (block.continues ? 1 : 0));
    for (const line of added) this.#push(line);
  }

  /** Forgets the oldest `count` lines: they are somewhere else now. */
  removeFirst(count: number): void {
    for (const line of this.#lines.splice(0, count)) this.#cost -= costOf(line);
  }

  /** How many lines had to make room since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #push(line: KeptLine): void {
    this.#lines.push(line);
    this.#cost += costOf(line);
    while (this.#lines.length > MOST_LINES || this.#cost > MOST_BYTES) {
      this.#drop(this.#lines[0]?.source ?? line.source, 1);
      this.removeFirst(1);
    }
  }

  #drop({ service }: Source, count: number): void {
    if (count <= 0) return;
    this.#dropped += count;
    this.#tellDropped(service, count);
  }
}

function costOf(line: KeptLine): number {
  return line.bytes.length + OVERHEAD;
}

/** The last lines of a block that may find room, oldest first, without one that continues an earlier block. */
function lastLinesOf(block: Block, source: Source): KeptLine[] {
  const { bytes } = block;
  const lines: KeptLine[] = [];
  let cost = 0;
  for (let end = block.end; end > block.start && lines.length < MOST_LINES && cost < MOST_BYTES;) {
    const before = end - 2 < block.start || block.unfinished ? -1 : bytes.lastIndexOf(NEWLINE, end - 2);
    const start = Math.max(block.start, before + 1);
    if (start === block.start && block.continues) break;
    const line = { source, bytes: keptBytesOf(bytes.subarray(start, end), block.unfinished) };
    lines.push(line);
    cost += costOf(line);
    end = start;
  }
  return lines.toReversed();
}

function keptBytesOf(line: Uint8Array, isUnfinished: boolean): Uint8Array {
  if (!isUnfinished && line.length <= LONGEST) return line.slice();
  const kept = new Uint8Array(Math.min(line.length, LONGEST) + CUT_MARK.length);
  kept.set(line.subarray(0, LONGEST));
  kept.set(CUT_MARK, kept.length - CUT_MARK.length);
  return kept;
}
