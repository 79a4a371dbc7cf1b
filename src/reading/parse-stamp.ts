/* The time in front of a line, out of its bytes: the reverse of the stamps that log files are written with. */
import { TAI_OFFSET_SECONDS } from "../log/stamp.ts";

export interface Stamp {
  /** Microseconds since 1970. */
  readonly at: number;
  /** Where the text begins. */
  readonly after: number;
}

const ZERO = 48;
const SPACE = 32;
const DOT = 46;
const AT_SIGN = 64;
const DASH = 45;
const COLON = 58;
const LETTER_T = 84;
const LETTER_Z = 90;
/** `2026-01-02T03:04:05.678901Z`. */
const ISO_LENGTH = 27;
/** `@`, 24 hexadecimal digits: seconds since 2^62, nanoseconds. */
const TAI_LENGTH = 25;
/** More digits are no seconds. */
const MOST_SECONDS_DIGITS = 12;

/** The stamp that the line from `start` to `end` begins with, in any of the formats; null without one. */
export function parseStamp(bytes: Uint8Array, start: number, end: number): Stamp | null {
  if (bytes[start] === AT_SIGN) return parseTai(bytes, start, end);
  if (bytes[start + ISO_LENGTH] !== SPACE || start + ISO_LENGTH >= end) return parseUnix(bytes, start, end);
  const at = parseIsoTime(bytes, start, end);
  return at === null ? parseUnix(bytes, start, end) : { at, after: start + ISO_LENGTH + 1 };
}

/** The ISO 8601 time with microseconds, in UTC, that is at `start`, in microseconds since 1970; null if there is none. */
export function parseIsoTime(bytes: Uint8Array, start: number, end: number): number | null {
  if (end - start < ISO_LENGTH || !hasIsoMarks(bytes, start)) return null;
  const day = numberAt(bytes, start, 4) * 10_000 + numberAt(bytes, start + 5, 2) * 100 + numberAt(bytes, start + 8, 2);
  const time =
    numberAt(bytes, start + 11, 2) * 3600 + numberAt(bytes, start + 14, 2) * 60 + numberAt(bytes, start + 17, 2);
  const at = (secondsOfDay(day) + time) * 1_000_000 + numberAt(bytes, start + 20, 6);
  return Number.isNaN(at) ? null : at;
}

// The inner loop of every search: no loops and no arrays here.
function hasIsoMarks(bytes: Uint8Array, start: number): boolean {
  return (
    bytes[start + 4] === DASH &&
    bytes[start + 7] === DASH &&
    bytes[start + 10] === LETTER_T &&
    bytes[start + 13] === COLON &&
    bytes[start + 16] === COLON &&
    bytes[start + 19] === DOT &&
    bytes[start + 26] === LETTER_Z
  );
}

/** Most lines are of the day of the line before. */
const lastDay = { number: Number.NaN, seconds: Number.NaN };

/** Seconds since 1970 of a day, which is given as 20260131. */
function secondsOfDay(number: number): number {
  if (number !== lastDay.number) {
    lastDay.number = number;
    lastDay.seconds = Date.UTC(Math.floor(number / 10_000), (Math.floor(number / 100) % 100) - 1, number % 100) / 1000;
  }
  return lastDay.seconds;
}

function parseUnix(bytes: Uint8Array, start: number, end: number): Stamp | null {
  let point = start;
  while (point < end && point - start <= MOST_SECONDS_DIGITS && isDigit(bytes[point])) point++;
  const after = point + 8;
  if (point === start || bytes[point] !== DOT || after > end || bytes[after - 1] !== SPACE) return null;
  const at = numberAt(bytes, start, point - start) * 1_000_000 + numberAt(bytes, point + 1, 6);
  return Number.isNaN(at) ? null : { at, after };
}

function parseTai(bytes: Uint8Array, start: number, end: number): Stamp | null {
  const after = start + TAI_LENGTH + 1;
  if (after > end || bytes[after - 1] !== SPACE) return null;
  const label = String.fromCharCode(...bytes.subarray(start + 1, after - 1));
  if (!/^4000000[0-9a-f]{17}$/.test(label)) return null;
  const seconds = Number.parseInt(label.slice(7, 16), 16) - TAI_OFFSET_SECONDS;
  return { at: seconds * 1_000_000 + Math.floor(Number.parseInt(label.slice(16), 16) / 1000), after };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= ZERO + 9;
}

/** NaN if one of the bytes is no digit. */
function numberAt(bytes: Uint8Array, start: number, length: number): number {
  let value = 0;
  for (let index = start; index < start + length; index++) {
    const digit = (bytes[index] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
