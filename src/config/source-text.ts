import { harmless, type Excerpt } from "./problem.ts";

/** A stretch of a text, in UTF-16 units, the end not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A text file and where its lines begin, for turning offsets into what a person reads. */
export interface SourceText {
  readonly text: string;
  readonly lineStarts: readonly number[];
}

/** Excerpts are cut to about this many characters. */
const MAX_EXCERPT = 120;

export function sourceTextOf(text: string): SourceText {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  return { text, lineStarts };
}

/** Line and column of an offset, both from 1; the column counts characters. */
export function positionOf(source: SourceText, offset: number): { line: number; column: number } {
  const index = lineIndexOf(source, offset);
  const before = source.text.slice(source.lineStarts[index] ?? 0, offset);
  return { line: index + 1, column: characterCountOf(before) + 1 };
}

/** The line in which `span` begins, with `span` marked and every one of `secrets` replaced by asterisks. */
export function excerptOf(source: SourceText, span: Span, secrets: readonly Span[]): Excerpt | null {
  const index = lineIndexOf(source, span.start);
  const lineStart = source.lineStarts[index] ?? 0;
  const nextStart = source.lineStarts[index + 1];
  const rawEnd = nextStart === undefined ? source.text.length : nextStart - 1;
  const lineEnd = source.text[rawEnd - 1] === "\r" ? rawEnd - 1 : rawEnd;
  const line: Span = { start: lineStart, end: Math.max(lineStart, lineEnd) };
  if (line.end === line.start) return null;
  return cut(masked(source.text, { line, mark: span }, secrets));
}

function masked(text: string, { line, mark }: { line: Span; mark: Span }, secrets: readonly Span[]): Excerpt {
  const inLine = secrets
    .filter((secret) => secret.start < line.end && secret.end > line.start)
    .sort((a, b) => a.start - b.start);
  let shown = "";
  let caretStart = -1;
  let caretEnd = -1;
  let at = line.start;
  const copyTo = (end: number): void => {
    if (caretStart < 0 && mark.start < end) caretStart = shown.length + Math.max(0, mark.start - at);
    if (caretEnd < 0 && mark.end <= end) caretEnd = shown.length + Math.max(0, mark.end - at);
    shown += text.slice(at, end);
    at = end;
  };
  for (const secret of inLine) {
    if (secret.end <= at) continue;
    copyTo(Math.max(at, secret.start));
    if (caretStart < 0 && mark.start < secret.end) caretStart = shown.length;
    shown += "***";
    at = Math.min(secret.end, line.end);
    if (caretEnd < 0 && mark.end <= at) caretEnd = shown.length;
  }
  copyTo(line.end);
  const start = caretStart < 0 ? shown.length : caretStart;
  return {
    text: harmless(shown),
    caretStart: start,
    caretLength: Math.max(1, (caretEnd < 0 ? shown.length : caretEnd) - start),
  };
}

function cut({ text, caretStart, caretLength }: Excerpt): Excerpt {
  if (text.length <= MAX_EXCERPT) return { text, caretStart, caretLength };
  const from = Math.max(0, caretStart - MAX_EXCERPT / 2);
  const to = Math.min(text.length, from + MAX_EXCERPT);
  const head = from > 0 ? "…" : "";
  const tail = to < text.length ? "…" : "";
  const start = caretStart - from + head.length;
  return {
    text: harmless(head + text.slice(from, to) + tail),
    caretStart: start,
    caretLength: Math.min(caretLength, to - caretStart) || 1,
  };
}

function lineIndexOf({ lineStarts }: SourceText, offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function characterCountOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
