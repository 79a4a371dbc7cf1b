/*
 * Lines on their way to their file. What the file refuses is held back in memory, within the bounds of
 * the last lines, and written first when the file works again; only what had to make room is lost, and it is counted.
 */
import { FileSink, type SinkPlace, type SinkPorts } from "./file-sink.ts";
import { LastLines, type KeptLine } from "./last-lines.ts";
import type { LineFormat } from "./line-format.ts";
import { blockAfter, NEWLINE, newlinesIn, type Block } from "./line-framer.ts";
import type { OutBuffer } from "./out-buffer.ts";
import type { FileMark } from "./plane-messages.ts";
import type { Source } from "./source.ts";

export interface FileLogPorts extends SinkPorts {
  /** Shared by all logs of the thread: only used within a call. */
  readonly out: OutBuffer;
  /** So many lines of a service that the file refused are in memory no more either. */
  lost(service: string, lines: number): void;
}

/** Whoever has said its last may have nothing more to say: what it said is written as soon as that works. */
const FIRST_RETRY_MICROS = 1_000_000;
const LAST_RETRY_MICROS = 60_000_000;

const END_OF_LINE = new Uint8Array([NEWLINE]);

/** Only a line that a predecessor has begun is gone on with, so it does not matter that the pipe is not known. */
const ANYBODY = {};

export class FileLog {
  format: LineFormat;
  /** true: the lines in it are those of several services. */
  isShared = false;
  readonly #sink: FileSink;
  readonly #ports: FileLogPorts;
  #heldBack: LastLines | null = null;
  /** When it was tried last to write what is held back though nothing more was to be written, and how long after that it will be. */
  #retriedAt = 0;
  #retryAfter = FIRST_RETRY_MICROS;
  /** Lines that were said to be in memory alone. */
  #counted = 0;
  /** The pipe whose long line is not yet complete at the end of the file; at first whoever goes on with one. */
  #openPipe: object | null = ANYBODY;

  constructor(place: SinkPlace, format: LineFormat, ports: FileLogPorts) {
    this.format = format;
    this.#ports = ports;
    this.#sink = new FileSink(place, ports);
  }

  get path(): string {
    return this.#sink.path;
  }

  /** The place up to which the file is written; null if there is no file. */
  mark(): FileMark | null {
    return this.#sink.mark();
  }

  /** Another way to rotate the same file. `at` is now, in microseconds. */
  adjust(place: SinkPlace, at: number): void {
    this.#sink.adjust(place, at);
  }

  /** Finds out when a file from before is due for its age. `at` is now, in microseconds. */
  expectAge(at: number): void {
    this.#sink.expectAge(at);
  }

  /** Rotates and removes what is old enough, and tries once more to write what is held back. `at` is now, in microseconds. */
  rotateIfDue(at: number): void {
    this.#sink.rotateIfDue(at);
    if (this.#heldBack === null) return;
    // The clock may have been set back.
    if (Math.abs(at - this.#retriedAt) < this.#retryAfter)
      return this.#ports.wakeAt(this.#retriedAt + this.#retryAfter);
    this.flush(at);
    this.#retryLater(at, 2 * this.#retryAfter);
  }

  /** Lines that are not in the file yet, oldest first. */
  get heldBack(): readonly KeptLine[] {
    return this.#heldBack?.lines ?? [];
  }

  write(block: Block, source: Source): void {
    const isOpen = this.#sink.prepare(source.at) && this.#writeHeldBack(source.at);
    const rest = isOpen ? this.#put(block, source) : block;
    if (rest !== null) this.#holdBack(rest, source);
    else this.#noteSuccess();
    this.#count();
  }

  /** Tries once more to write what is held back. `at` is now, in microseconds. */
  flush(at: number): void {
    if (this.#heldBack === null) return;
    this.#sink.retrySoon();
    if (this.#sink.prepare(at) && this.#writeHeldBack(at)) this.#noteSuccess();
    this.#count();
  }

  /** Goes on with the file that has the name now; makes it if it is missing. */
  reopen(at: number): void {
    this.#sink.close();
    this.#sink.retrySoon();
    this.#sink.prepare(at);
    this.flush(at);
  }

  /** Gives the file up. What it refuses even now is lost, and said to be. */
  close(at: number): void {
    this.flush(at);
    this.#sink.close();
    if (this.#heldBack === null) return;
    for (const { source } of this.#heldBack.lines) this.#ports.lost(source.service, 1);
    const lost = this.#heldBack.lines.length + this.#heldBack.takeDropped();
    this.#heldBack = null;
    this.#count();
    this.#ports.report(`cannot write "${this.path}": given up; ${lostWordsOf(lost)}`, false);
  }

  /** Writes the block; gives the lines that could not be written, null if there are none. */
  #put(block: Block, source: Source): Block | null {
    const isContinued = block.continues && this.#isGoneOnWithBy(source.pipe);
    if (!isContinued && !this.#endOpenLine(source.at)) return block;
    this.#openPipe = block.unfinished ? source.pipe : null;
    const { bytes, start, end } = this.#formatted({ ...block, continues: isContinued }, source);
    const kept = this.#sink.write(bytes, { start, end }, source.at);
    return kept === end - start ? null : blockAfter(block, newlinesIn(bytes, start, start + kept));
  }

  /** A line of this pipe is open; its beginning may have been moved away by the rotation in which a predecessor died. */
  #isGoneOnWithBy(pipe: object): boolean {
    if (this.#openPipe === ANYBODY) return this.#sink.isLineOpen || this.#sink.isEmpty;
    return this.#openPipe === pipe && this.#sink.isLineOpen;
  }

  /** The block as the file is to hold it. */
  #formatted(block: Block, source: Source): Formatted {
    if (this.format === null) return block;
    const { out } = this.#ports;
    out.clear();
    this.format(block, source, out);
    return { bytes: out.bytes, start: 0, end: out.length };
  }

  /** Another writer never goes on with somebody's unfinished line. */
  #endOpenLine(at: number): boolean {
    return !this.#sink.isLineOpen || this.#sink.write(END_OF_LINE, { start: 0, end: 1 }, at) === 1;
  }

  #writeHeldBack(at: number): boolean {
    const lines = this.#heldBack?.lines ?? [];
    if (lines.length === 0) return true;
    if (!this.#endOpenLine(at)) return false;
    const { out } = this.#ports;
    out.clear();
    for (const line of lines) this.#append(line, out);
    const kept = this.#sink.write(out.bytes, { start: 0, end: out.length }, at);
    this.#heldBack?.removeFirst(newlinesIn(out.bytes, 0, kept));
    return kept === out.length;
  }

  #append(line: KeptLine, out: OutBuffer): void {
    if (this.format === null) return out.append(line.bytes);
    const block = { bytes: line.bytes, start: 0, end: line.bytes.length, continues: false, unfinished: false };
    this.format(block, line.source, out);
  }

  #holdBack(block: Block, source: Source): void {
    if (this.#heldBack === null) {
      this.#heldBack = new LastLines((service, lines) => this.#ports.lost(service, lines));
      const reason = this.#sink.failure ?? "unknown";
      this.#ports.report(`cannot write "${this.path}": ${reason}; only the last lines are kept, in memory`, false);
      this.#retryLater(source.at, FIRST_RETRY_MICROS);
    }
    this.#heldBack.add(block, source);
  }

  #retryLater(at: number, after: number): void {
    if (this.#heldBack === null) return;
    this.#retriedAt = at;
    this.#retryAfter = Math.min(after, LAST_RETRY_MICROS);
    this.#ports.wakeAt(at + this.#retryAfter);
  }

  #count(): void {
    const count = this.#heldBack?.count ?? 0;
    if (count === this.#counted) return;
    this.#ports.held(count - this.#counted);
    this.#counted = count;
  }

  #noteSuccess(): void {
    if (this.#heldBack === null) return;
    const lost = this.#heldBack.takeDropped();
    this.#heldBack = null;
    this.#ports.report(
      `"${this.path}" is written again: ${lost === 1 ? "1 line was" : `${lost} lines were`} lost`,
      true,
    );
  }
}

function lostWordsOf(count: number): string {
  return count === 1 ? "1 line was lost" : `${count} lines were lost`;
}

interface Formatted {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
