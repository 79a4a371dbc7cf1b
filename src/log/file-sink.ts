/*
 * One log file: appends whole lines, moves the file away when it is full, and survives whatever happens to the disk. A
 * line is never cut in two by a rotation, unless it alone is larger than the file may be; what a full disk let through of
 * a line is taken back. A file that fails is tried again with the next lines, at most once a second; the caller keeps what
 * was not written.
 */
import { NEWLINE } from "./line-framer.ts";
import type { LogFiles, Span } from "./log-files.ts";
import { rotateFiles } from "./rotation.ts";

export interface FileLimits {
  /** In bytes. */
  readonly maxSize: number;
  /** Rotated files kept beside the current one. */
  readonly keep: number;
}

/** Takes what an operator must know, said once when it begins and once when it is over. */
export type Report = (message: string, recovered: boolean) => void;

/** How long a file that fails is left alone, in microseconds. */
const RETRY_MICROS = 1_000_000;

export class FileSink {
  readonly path: string;
  limits: FileLimits;
  readonly #files: LogFiles;
  readonly #report: Report;
  #fd: number | null = null;
  #size = 0;
  /** Bytes of the unfinished line that the current file ends with. */
  #openBytes = 0;
  #isLineOpen = false;
  #failure: { readonly reason: string; readonly at: number } | null = null;
  /** Until when a file that could not be moved away grows on. */
  #growsUntil = Number.NEGATIVE_INFINITY;
  #rotationFails = false;

  constructor(place: { readonly path: string; readonly limits: FileLimits }, files: LogFiles, report: Report) {
    this.path = place.path;
    this.limits = place.limits;
    this.#files = files;
    this.#report = report;
  }

  /** true: the last byte written was no newline. Right after `prepare`. */
  get isLineOpen(): boolean {
    return this.#isLineOpen;
  }

  /** Why the file cannot be written; null while it can. */
  get failure(): string | null {
    return this.#failure?.reason ?? null;
  }

  /** Makes sure that there is a file to write to; false if there is none. `at` is now, in microseconds. */
  prepare(at: number): boolean {
    if (this.#failure !== null && Math.abs(at - this.#failure.at) < RETRY_MICROS) return false;
    const status = this.#fd === null ? null : this.#files.logFileStatus(this.#fd);
    // A file without a name was deleted, perhaps with its directory: what is written to it is gone.
    if (status === null || status.links === 0) return this.#open(at);
    // Somebody may have emptied it (copytruncate).
    if (status.size < this.#size) this.#isLineOpen = false;
    this.#size = status.size;
    return true;
  }

  /** Appends lines after `prepare`; gives how many of the bytes were kept: whole lines, all of them unless it fails. */
  write(bytes: Uint8Array, span: Span, at: number): number {
    let start = span.start;
    while (start < span.end) {
      const end = at < this.#growsUntil ? span.end : this.#seamOf(bytes, start, span.end);
      if (end === start) {
        if (!this.#rotate(at)) return start - span.start;
        continue;
      }
      const kept = this.#append(bytes, { start, end }, at);
      start += kept;
      if (start < end) return start - span.start;
    }
    this.#failure = null;
    return span.end - span.start;
  }

  /** Lets the next `prepare` try a file that failed, however short ago that was. */
  retrySoon(): void {
    if (this.#failure !== null) this.#failure = { ...this.#failure, at: Number.NEGATIVE_INFINITY };
  }

  /** Closes the file; the next `prepare` opens what then has its name. */
  close(): void {
    if (this.#fd !== null) this.#files.closeLogFile(this.#fd);
    this.#fd = null;
  }

  #open(at: number): boolean {
    this.close();
    const opened = this.#files.openLogFile(this.path);
    if (opened.tag === "failed") {
      this.#failure = { reason: opened.reason, at };
      return false;
    }
    this.#fd = opened.fd;
    this.#size = this.#files.logFileStatus(opened.fd)?.size ?? 0;
    this.#isLineOpen = this.#size > 0 && this.#endsWithin();
    this.#openBytes = this.#isLineOpen ? 1 : 0;
    return true;
  }

  /** true if the file ends in the middle of a line, as after a crash. */
  #endsWithin(): boolean {
    const last = this.#files.readLogFileEnd(this.path, 1)?.bytes[0];
    return last !== undefined && last !== NEWLINE;
  }

  /** Where the bytes for the current file end; `start` itself if it is full. */
  #seamOf(bytes: Uint8Array, start: number, end: number): number {
    const room = this.limits.maxSize - this.#size;
    if (end - start <= room) return end;
    const seam = room <= 0 ? 0 : bytes.lastIndexOf(NEWLINE, start + room - 1) + 1;
    if (seam > start) return seam;
    const isWithinLine = this.#isLineOpen && this.#openBytes < this.limits.maxSize;
    if (this.#size > 0 && !isWithinLine) return start;
    const newline = bytes.indexOf(NEWLINE, start);
    return newline < 0 || newline >= end ? end : newline + 1;
  }

  #append(bytes: Uint8Array, span: Span, at: number): number {
    if (this.#fd === null) return 0;
    const { written, failure } = this.#files.writeLogFile(this.#fd, bytes, span);
    if (failure === null) {
      this.#size += written;
      this.#noteLineEnd(bytes, span);
      return written;
    }
    this.#failure = { reason: failure, at };
    const kept = written === 0 ? 0 : Math.max(0, bytes.lastIndexOf(NEWLINE, span.start + written - 1) + 1 - span.start);
    const isTakenBack = kept === written || this.#files.truncateLogFile(this.#fd, this.#size + kept);
    const end = span.start + (isTakenBack ? kept : written);
    this.#size += end - span.start;
    if (end > span.start) this.#noteLineEnd(bytes, { start: span.start, end });
    return kept;
  }

  #noteLineEnd(bytes: Uint8Array, span: Span): void {
    const lastNewline = bytes[span.end - 1] === NEWLINE ? span.end - 1 : bytes.lastIndexOf(NEWLINE, span.end - 1);
    const isWithin = lastNewline < span.start;
    this.#openBytes = isWithin ? this.#openBytes + span.end - span.start : span.end - 1 - lastNewline;
    this.#isLineOpen = isWithin || this.#openBytes > 0;
  }

  /** Begins a new file. If the old one cannot be moved away, it grows on, and this is tried again after a second. */
  #rotate(at: number): boolean {
    const moved = rotateFiles(this.path, this.limits.keep, this.#files);
    if (moved.tag === "failed") {
      if (!this.#rotationFails) this.#report(`cannot rotate "${this.path}": ${moved.reason}; it grows on`, false);
      this.#rotationFails = true;
      this.#growsUntil = at + RETRY_MICROS;
      return true;
    }
    if (this.#rotationFails) this.#report(`"${this.path}" is rotated again`, true);
    this.#rotationFails = false;
    const isLineOpen = this.#isLineOpen;
    if (!this.#open(at)) return false;
    this.#isLineOpen = isLineOpen;
    this.#openBytes = 0;
    return true;
  }
}
