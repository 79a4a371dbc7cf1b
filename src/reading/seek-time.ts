import { NEWLINE } from "../log/line-framer.ts";
import { CHUNK_BUFFER, lineEndAfter, readForward, type Stretch } from "./line-chunk.ts";
import type { LineParser } from "./parse-line.ts";
import type { ReadableFile } from "./readable-file.ts";

/** What is read to find a line with a time, in bytes. */
const PROBE = 16 * 1024;
/** Lines without a time are passed over up to this many bytes, for example those of a long stack trace. */
const MOST_UNTIMED = 1024 * 1024;

interface TimedLine {
  readonly start: number;
  readonly at: number;
}

/**
 * Where the lines of a file with times from `time` on (microseconds since 1970) begin, found by halving: a few reads, however
 * large the file is. What lies before may be of any time where the clock was set back, or where no times are found; null: there
 * are none at all.
 */
export function seekTime(
  file: ReadableFile,
  time: number,
  search: { readonly to: number; readonly parser: LineParser },
): number | null {
  const { parser, to } = search;
  if (!parser.isTimed) return null;
  const buffer = Buffer.alloc(CHUNK_BUFFER);
  const first = firstTimed(file, { from: 0, to: Math.min(to, MOST_UNTIMED) }, { parser, buffer });
  if (first === null) return null;
  if (first.at >= time) return 0;
  let low = first.start;
  let high = to;
  while (high - low > PROBE) {
    const half = low + Math.floor((high - low) / 2);
    const middle = lineEndAfter(file, { from: half, to: high }, buffer.subarray(0, PROBE));
    const found = firstTimed(file, { from: middle, to: Math.min(high, middle + MOST_UNTIMED) }, { parser, buffer });
    if (found === null && middle + MOST_UNTIMED < high) return low;
    if (found === null || found.at >= time) high = half;
    else low = found.start;
  }
  return firstFrom(file, { from: low, to }, { parser, buffer, time });
}

/** The time of the last line before `to` that has one; null if none is near. */
export function timeBefore(file: ReadableFile, to: number, parser: LineParser): number | null {
  if (!parser.isTimed || to === 0) return null;
  const bytes = Buffer.alloc(Math.min(to, CHUNK_BUFFER));
  const begin = to - bytes.length;
  const count = file.read(bytes, begin) ?? 0;
  for (let end = count; end > 0;) {
    const start = end === 1 ? 0 : bytes.lastIndexOf(NEWLINE, end - 2) + 1;
    const at = start === 0 && begin > 0 ? null : parser.timeOf(bytes, start, end - 1);
    if (at !== null) return at;
    end = start;
  }
  return null;
}

interface Scan {
  readonly parser: LineParser;
  readonly buffer: Buffer;
}

function firstTimed(file: ReadableFile, stretch: Stretch, scan: Scan): TimedLine | null {
  return firstLine(file, stretch, { ...scan, accept: () => true });
}

/** Where the first line with a time from `time` on begins; the end of the stretch if there is none. */
function firstFrom(file: ReadableFile, stretch: Stretch, { time, ...scan }: Scan & { readonly time: number }): number {
  return firstLine(file, stretch, { ...scan, accept: (at) => at >= time })?.start ?? stretch.to;
}

function firstLine(
  file: ReadableFile,
  { from, to }: Stretch,
  { parser, buffer, accept }: Scan & { readonly accept: (at: number) => boolean },
): TimedLine | null {
  for (let at = from; at < to;) {
    const chunk = readForward(file, { from: at, to }, { buffer, size: PROBE });
    if (chunk === null) return null;
    for (let start = chunk.start; start < chunk.end;) {
      const newline = chunk.bytes.indexOf(NEWLINE, start);
      const end = newline < 0 || newline >= chunk.end ? chunk.end : newline;
      const time = parser.timeOf(chunk.bytes, start, end);
      if (time !== null && accept(time)) return { start: chunk.from + start - chunk.start, at: time };
      start = end + 1;
    }
    at = chunk.next;
  }
  return null;
}
