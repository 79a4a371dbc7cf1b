/* The wanted lines of one log, out of all its files: all of them forwards, or the last ones, which are found from the end. */
import { readBackward, readForward, type ChunkReading, type Stretch } from "./line-chunk.ts";
import type { LogChain } from "./log-chain.ts";
import type { LogRecord } from "./log-record.ts";
import type { ReadableFile } from "./readable-file.ts";
import { seekTime, timeBefore } from "./seek-time.ts";
import { type Wanted, wantedLines } from "./wanted-lines.ts";

/** Records in their order, a bounded piece at a time; an empty piece says that the search goes on. */
export type Records = Generator<readonly LogRecord[], void, undefined>;

/** The times of files come from another clock than those of lines: one that ticks every few milliseconds. In microseconds. */
const CLOCK_SLACK = 1_000_000;

export interface LogReading extends ChunkReading {
  readonly chain: LogChain;
  readonly wanted: Wanted;
  /** true: nothing is left open between two pieces. */
  readonly isFrugal: boolean;
}

/** All wanted lines. */
export function* readAllLines(reading: LogReading): Records {
  const { chain, wanted, isFrugal } = reading;
  for (let index = firstFileOf(reading); index < chain.files.length; index++) {
    const first = chain.open(index);
    if (first === null) continue;
    let { from, to } = stretchOf(reading, index, first);
    let before = timeAt(reading, index, from);
    for (;;) {
      const file = chain.open(index);
      const chunk = file === null ? null : readForward(file, { from, to }, reading);
      if (chunk === null) break;
      const { records, last } = wantedLines(chunk, wanted, before);
      from = chunk.next;
      before = last;
      if (isFrugal) chain.release();
      yield records;
    }
    chain.release();
  }
}

/** What the last lines may take in memory together; the rest is left out, and `leftOut` says so. */
export interface Allowance {
  /** In characters. */
  left: number;
  /** true: there would have been more. */
  leftOut: boolean;
}

/** What a record takes beside its text, roughly, in characters. */
const OVERHEAD = 100;

/** The last `count` wanted lines. */
export function* readLastLines(reading: LogReading, count: number, allowance: Allowance): Records {
  const { chain, wanted } = reading;
  const pieces: (readonly LogRecord[])[] = [];
  let missing = count;
  const first = firstFileOf(reading);
  for (let index = chain.files.length - 1; index >= first && missing > 0; index--) {
    const opened = chain.open(index);
    if (opened === null) continue;
    const { from, to } = stretchOf(reading, index, opened);
    for (let end = to; missing > 0;) {
      const chunk = readBackward(opened, { from, to: end }, reading);
      if (chunk === null) break;
      const { records } = wantedLines(chunk, wanted, timeAt(reading, index, chunk.from));
      const kept = takeLast(records, missing, allowance);
      pieces.push(kept);
      missing = allowance.leftOut ? 0 : missing - kept.length;
      end = chunk.next;
      yield [];
    }
    chain.release();
  }
  chain.release();
  for (const piece of pieces.toReversed()) yield piece;
}

function takeLast(records: readonly LogRecord[], count: number, allowance: Allowance): readonly LogRecord[] {
  let start = records.length;
  while (start > 0 && records.length - start < count) {
    const cost = (records[start - 1]?.text.length ?? 0) + OVERHEAD;
    if (cost > allowance.left) {
      allowance.leftOut = true;
      break;
    }
    allowance.left -= cost;
    start--;
  }
  return records.slice(start);
}

/** The oldest file that may have wanted lines. */
function firstFileOf({ chain, wanted: { since } }: LogReading): number {
  if (since === null) return 0;
  const index = chain.files.findIndex(({ look }) => look.changedAt * 1000 + CLOCK_SLACK >= since);
  return index < 0 ? chain.files.length : index;
}

/** Where the wanted times are in an open file. */
function stretchOf({ chain, wanted }: LogReading, index: number, file: ReadableFile): Stretch {
  const { since, until, parser } = wanted;
  const to = chain.endOf(index, file);
  return {
    from: since === null ? 0 : (seekTime(file, since, { to, parser }) ?? 0),
    to: until === null ? to : (seekTime(file, until, { to, parser }) ?? to),
  };
}

/** The time of what was written before an offset, or as near to it as can be told. */
function timeAt({ chain, wanted }: LogReading, index: number, offset: number): number {
  const { files } = chain;
  const own = microsOf(files[index]?.look.changedAt ?? 0);
  if (!wanted.parser.isTimed) return own;
  const opened = chain.open(index);
  const said = opened === null ? null : timeBefore(opened, offset, wanted.parser);
  const before = files[index - 1]?.look.changedAt;
  return said ?? (before === undefined ? own : microsOf(before));
}

/** Whole microseconds: file systems count in nanoseconds. */
function microsOf(millis: number): number {
  return Math.floor(millis * 1000);
}
