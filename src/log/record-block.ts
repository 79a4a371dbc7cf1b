import { NEWLINE, textLinesOf, type Block } from "./line-framer.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A line, or several that belong together. */
export interface LogRecord {
  readonly start: number;
  /** Behind its last newline. */
  readonly end: number;
  /** Without the newline at its end; what is not UTF-8 is U+FFFD. */
  readonly text: string;
}

/** The records of a block, in order. */
export function* recordsOf(block: Block): Generator<LogRecord> {
  const { bytes } = block;
  let index = 0;
  for (let start = block.start; start < block.end;) {
    const end = block.records === undefined ? lineEndOf(block, start) : (block.records[index++] ?? block.end);
    const contentEnd = bytes[end - 1] === NEWLINE && !block.unfinished ? end - 1 : end;
    yield { start, end, text: decoder.decode(bytes.subarray(start, contentEnd)) };
    start = end;
  }
}

function lineEndOf(block: Block, start: number): number {
  const newline = block.unfinished ? -1 : block.bytes.indexOf(NEWLINE, start);
  return newline < 0 ? block.end : newline + 1;
}

/** The block as lines that have nothing to do with each other. */
export function ungroupedOf(block: Block): Block {
  if (block.records === undefined) return block;
  const { bytes, start, end, continues, unfinished } = block;
  return { bytes, start, end, continues, unfinished };
}

/** The texts of its records, without the newline at their ends. */
export function recordTextsOf(block: Block): readonly string[] {
  return block.records === undefined ? textLinesOf(block) : Array.from(recordsOf(block), ({ text }) => text);
}
