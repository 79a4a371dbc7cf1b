/*
 * Whole lines out of a file, forwards and backwards, a bounded piece at a time into a buffer that is used again. A line that
 * is longer than the limit is given alone, without its end.
 */
import { NEWLINE } from "../log/line-framer.ts";
import type { ReadableFile } from "./readable-file.ts";

/** The most of a line that is shown, in bytes. */
export const LONGEST_LINE = 64 * 1024;

/** What buffers for this must have room for, in bytes. */
export const CHUNK_BUFFER = 256 * 1024;

export interface LineChunk {
  /** Only right until the buffer is used again. */
  readonly bytes: Buffer;
  /** The lines are from `start` to `end`, each with its newline but perhaps the last. */
  readonly start: number;
  readonly end: number;
  /** true: the beginning of one long line. */
  readonly isCut: boolean;
  /** Where the first line begins in the file. */
  readonly from: number;
  /** Where what follows it begins, or for the way back, what is before it ends. */
  readonly next: number;
}

/** A stretch of a file that begins and ends with a line. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What is read at a time: at most `size` bytes, unless a line is longer. */
export interface ChunkReading {
  readonly buffer: Buffer;
  readonly size: number;
}

/** The first lines of a stretch; null: there are none, or they cannot be read. */
export function readForward(
  file: ReadableFile,
  { from, to }: Stretch,
  { buffer, size }: ChunkReading,
): LineChunk | null {
  if (from >= to) return null;
  for (const most of [size, LONGEST_LINE]) {
    const bytes = buffer.subarray(0, Math.min(most, to - from, buffer.length));
    const count = file.read(bytes, from);
    if (count === null || count === 0) return null;
    const end = bytes.lastIndexOf(NEWLINE, count - 1) + 1;
    if (end > 0) return { bytes: buffer, start: 0, end, isCut: false, from, next: from + end };
    if (count < bytes.length || from + count >= to)
      return { bytes: buffer, start: 0, end: count, isCut: false, from, next: to };
  }
  const next = lineEndAfter(file, { from: from + LONGEST_LINE, to }, buffer.subarray(LONGEST_LINE));
  return { bytes: buffer, start: 0, end: LONGEST_LINE, isCut: true, from, next };
}

/** The last lines of a stretch; null: there are none, or they cannot be read. */
export function readBackward(
  file: ReadableFile,
  { from, to }: Stretch,
  { buffer, size }: ChunkReading,
): LineChunk | null {
  if (from >= to) return null;
  for (const most of [size, LONGEST_LINE + 2]) {
    const begin = Math.max(from, to - Math.min(most, buffer.length));
    const count = file.read(buffer.subarray(0, to - begin), begin);
    if (count === null || count === 0) return null;
    const before = begin === from ? -1 : buffer.subarray(0, count - 1).indexOf(NEWLINE);
    if (before < 0 && begin > from) continue;
    const start = before + 1;
    return { bytes: buffer, start, end: count, isCut: false, from: begin + start, next: begin + start };
  }
  const begin = lineStartBefore(file, { from, to: to - 1 }, buffer);
  const count = file.read(buffer.subarray(0, LONGEST_LINE), begin);
  if (count === null || count === 0) return null;
  return { bytes: buffer, start: 0, end: count, isCut: true, from: begin, next: begin };
}

/** Where the line that `from` is in ends: after its newline, or at `to`. */
export function lineEndAfter(file: ReadableFile, { from, to }: Stretch, buffer: Buffer): number {
  for (let at = from; at < to;) {
    const count = file.read(buffer.subarray(0, Math.min(buffer.length, to - at)), at);
    if (count === null || count === 0) return to;
    const newline = buffer.subarray(0, count).indexOf(NEWLINE);
    if (newline >= 0) return at + newline + 1;
    at += count;
  }
  return to;
}

/** Where the line begins that `to` is in. */
function lineStartBefore(file: ReadableFile, { from, to }: Stretch, buffer: Buffer): number {
  for (let end = to; end > from;) {
    const begin = Math.max(from, end - buffer.length);
    const count = file.read(buffer.subarray(0, end - begin), begin);
    if (count === null || count === 0) return from;
    const newline = buffer.subarray(0, count).lastIndexOf(NEWLINE);
    if (newline >= 0) return begin + newline + 1;
    end = begin;
  }
  return from;
}
