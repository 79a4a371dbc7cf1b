import { NEWLINE } from "../log/line-framer.ts";
import { type LineChunk, LONGEST_LINE } from "./line-chunk.ts";
import type { WantedFilter } from "./wanted-filter.ts";
import type { LogRecord } from "./log-record.ts";
import type { RunToRead } from "./read-request.ts";
import { isOfRun } from "./run-lines.ts";
import type { LineParser, ParsedLine } from "./parse-line.ts";

/** What is wanted of the lines of a file, and what they are. */
export interface Wanted {
  readonly service: string;
  readonly parser: LineParser;
  readonly filter: WantedFilter;
  /** Bytes that every wanted line contains; null: none are known. */
  readonly literal: Buffer | null;
  /** From then on, in microseconds since 1970; null: from the beginning. */
  readonly since: number | null;
  /** Before then; null: to the end. */
  readonly until: number | null;
  /** One run alone; null: whichever. */
  readonly run: RunToRead | null;
}

/**
 * The wanted lines of a chunk. `before` is the time of the line before it: a line without a time of its own has that of the
 * line before. Gives the time of the last line as well.
 */
export function wantedLines(
  chunk: LineChunk,
  wanted: Wanted,
  before: number,
): { readonly records: readonly LogRecord[]; readonly last: number } {
  const records: LogRecord[] = [];
  const { bytes } = chunk;
  let last = before;
  for (let start = chunk.start; start < chunk.end;) {
    const from = startOfNext(chunk, start, wanted.literal);
    const end = endOfLine(chunk, from);
    const shown = Math.min(end, from + LONGEST_LINE);
    const line = from < chunk.end ? wanted.parser.parse(bytes, from, shown) : null;
    last = line?.at ?? (from > start ? lastTimeIn({ bytes, start, end: from }, wanted.parser) : null) ?? last;
    if (line !== null && isWanted(line, last, wanted)) {
      records.push({ ...line, service: wanted.service, at: last, cut: line.cut || chunk.isCut || shown < end });
    }
    start = end + 1;
  }
  return { records, last };
}

function isWanted(line: ParsedLine, at: number, { service, since, until, run, filter }: Wanted): boolean {
  if ((since !== null && at < since) || (until !== null && at >= until)) return false;
  // Several services may write one file.
  if (line.service !== null && line.service !== service) return false;
  return isOfRun({ at, pid: line.pid }, run) && filter.accepts(line);
}

/** The line at `start`, or the first one after it with the literal; the end of the chunk if there is none. */
function startOfNext({ bytes, end }: LineChunk, start: number, literal: Buffer | null): number {
  if (literal === null) return start;
  const found = bytes.indexOf(literal, start);
  if (found < 0 || found >= end) return end;
  return found === start ? start : Math.max(start, bytes.lastIndexOf(NEWLINE, found - 1) + 1);
}

function endOfLine({ bytes, end }: LineChunk, start: number): number {
  const newline = bytes.indexOf(NEWLINE, start);
  return newline < 0 || newline >= end ? end : newline;
}

/** The time of the last line that has one; null if none has. */
function lastTimeIn(
  { bytes, start, end }: Pick<LineChunk, "bytes" | "start" | "end">,
  parser: LineParser,
): number | null {
  if (!parser.isTimed) return null;
  for (let lineEnd = end; lineEnd > start;) {
    const lineStart = lineEnd - 2 < start ? start : Math.max(start, bytes.lastIndexOf(NEWLINE, lineEnd - 2) + 1);
    const at = parser.timeOf(bytes, lineStart, lineEnd - 1);
    if (at !== null) return at;
    lineEnd = lineStart;
  }
  return null;
}
