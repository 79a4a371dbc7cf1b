/*
 * One log file: appends whole lines, moves the file away when it is full, and survives whatever happens to the disk. A
 * line is never cut in two by a rotation, unless it alone is larger than the file may be; what a full disk let through of
 * a line is taken back. A file that fails is tried again with the next lines, at most once a second; the caller keeps what
 * was not written.
 */
import type { RotationPolicy } from "../core/log-policy.ts";
import { FileAge, type TimeOfLine } from "./file-age.ts";
import { FileKeeper } from "./file-keeper.ts";
import { NEWLINE } from "./line-framer.ts";
import type { LogFiles, Span } from "./log-files.ts";
import type { OpenFiles } from "./open-files.ts";
import type { FileMark } from "./plane-messages.ts";
import { rotateFiles } from "./rotation.ts";

/** Takes what an operator must know, said once when it begins and once when it is over. */
export type Report = (message: string, recovered: boolean) => void;

export interface SinkPorts {
  readonly files: LogFiles;
  /** Those of the thread. */
  readonly openFiles: OpenFiles;
  readonly report: Report;
  /** Has the rotated files of this log compressed. */
  compressSoon(keeper: FileKeeper): void;
  /** So many lines more (or fewer) are in memory alone. */
  held(delta: number): void;
  /** Lets `rotateIfDue` be called once it is `at`, in microseconds since 1970, or soon after. */
  wakeAt(at: number): void;
}

export interface SinkPlace {
  readonly path: string;
  readonly limits: RotationPolicy;
  readonly timeOf: TimeOfLine;
}

/** How long a file that fails is left alone, in microseconds. */
const RETRY_MICROS = 1_000_000;
/** The same while nobody writes to it. */
const QUIET_RETRY_MICROS = 60_000_000;

export class FileSink {
  readonly path: string;
  readonly #ports: SinkPorts;
  readonly #files: LogFiles;
  readonly #keeper: FileKeeper;
  readonly #age: FileAge;
  #limits: RotationPolicy;
  #fd: number | null = null;
  #size = 0;
  /** Bytes of the unfinished line that the current file ends with. */
  #openBytes = 0;
  #isLineOpen = false;
  #failure: { readonly reason: string; readonly at: number } | null = null;
  /** Until when a file that could not be moved away grows on. */
  #growsUntil = Number.NEGATIVE_INFINITY;
  #rotationFails = false;
  /** true: it was open, and what an earlier supervisor may have left was looked after. */
  #isKept = false;

  constructor(place: SinkPlace, ports: SinkPorts) {
    this.path = place.path;
    this.#limits = place.limits;
    this.#ports = ports;
    this.#files = ports.files;
    this.#keeper = new FileKeeper(place.path, place.limits, ports);
    this.#age = new FileAge(place.path, place.timeOf, ports.files);
  }

  /** The place up to which the file is written; null if there is none. Nothing is opened or changed. */
  mark(): FileMark | null {
    const identity = this.#fd === null ? null : this.#files.identityOfLogFile(this.#fd);
    if (this.#fd !== null && identity !== null)
      return { path: this.path, identity, size: this.#files.logFileStatus(this.#fd)?.size ?? this.#size };
    const look = this.#files.lookAtLogFile(this.path);
    return look === null ? null : { path: this.path, identity: look.identity, size: look.size };
  }

  /** What holds from now on. `at` is now, in microseconds. */
  adjust({ limits, timeOf }: SinkPlace, at: number): void {
    this.#limits = limits;
    this.#age.timeOf = timeOf;
    if (!this.#isKept) return;
    this.#age.most = limits.maxAge;
    this.#keeper.begin(limits, at);
    this.#wakeLater(at);
  }

  /** Finds out when a file from before is due, if age counts. `at` is now, in microseconds. */
  expectAge(at: number): void {
    const { maxAge, keepAge } = this.#limits;
    if ((maxAge ?? keepAge) === null || this.#fd !== null) return;
    if (this.#files.isLogFileThere(this.path)) this.prepare(at);
  }

  /** Does what is due for the age of a file, and sees to it that this is called again in time. */
  rotateIfDue(at: number): void {
    if (at >= this.#keeper.expiresAt) this.#keeper.removeExcess(at);
    // A line that has not ended stays together; what ends it rotates the file.
    if (this.#isDue(at) && this.prepare(at) && this.#size > 0 && !this.#isLineOpen) this.#rotate(at);
    this.#wakeLater(at);
  }

  /** true: the last byte written was no newline. Right after `prepare`. */
  get isLineOpen(): boolean {
    return this.#isLineOpen;
  }

  /** true: nothing is in the file. Right after `prepare`. */
  get isEmpty(): boolean {
    return this.#size === 0;
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
    if (status.size < this.#size) this.#noteEmptied(status.size);
    this.#size = status.size;
    return true;
  }

  /** Appends lines after `prepare`; gives how many of the bytes were kept: whole lines, all of them unless it fails. */
  write(bytes: Uint8Array, span: Span, at: number): number {
    let start = span.start;
    if (at >= this.#age.endsAt && !this.#isLineOpen && this.#isDue(at) && !this.#rotate(at)) return 0;
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

  /** Closes the file, for good or for the sake of another one; the next `prepare` opens what then has its name. */
  close(): void {
    if (this.#fd !== null) this.#files.closeLogFile(this.#fd);
    this.#fd = null;
    this.#ports.openFiles.closed(this);
  }

  #open(at: number): boolean {
    this.close();
    const opened = this.#ports.openFiles.open(this, this.path, this.#files);
    if (opened.tag !== "open") {
      this.#failure = { reason: opened.reason, at };
      return false;
    }
    this.#fd = opened.fd;
    this.#size = this.#files.logFileStatus(opened.fd)?.size ?? 0;
    this.#isLineOpen = this.#size > 0 && this.#endsWithin();
    this.#openBytes = this.#isLineOpen ? 1 : 0;
    this.#age.most = this.#limits.maxAge;
    this.#age.begin(this.#size > 0);
    if (!this.#isKept) this.#keeper.begin(this.#limits, at);
    this.#isKept = true;
    this.#wakeLater(at);
    return true;
  }

  #noteEmptied(size: number): void {
    this.#isLineOpen = false;
    this.#age.begin(size > 0);
  }

  #isDue(at: number): boolean {
    return at >= this.#age.endsAt && at >= this.#growsUntil;
  }

  #wakeLater(at: number): void {
    const { endsAt } = this.#age;
    const isPassed = endsAt <= at;
    const rotation = isPassed && !this.#isLineOpen ? at + QUIET_RETRY_MICROS : endsAt;
    const next = Math.min(isPassed && this.#isLineOpen ? Number.POSITIVE_INFINITY : rotation, this.#keeper.expiresAt);
    if (next !== Number.POSITIVE_INFINITY) this.#ports.wakeAt(next);
  }

  /** true if the file ends in the middle of a line, as after a crash. */
  #endsWithin(): boolean {
    const last = this.#files.readLogFileEnd(this.path, 1)?.bytes[0];
    return last !== undefined && last !== NEWLINE;
  }

  /** Where the bytes for the current file end; `start` itself if it is full. */
  #seamOf(bytes: Uint8Array, start: number, end: number): number {
    const room = this.#limits.maxSize - this.#size;
    if (end - start <= room) return end;
    const seam = room <= 0 ? 0 : bytes.lastIndexOf(NEWLINE, start + room - 1) + 1;
    if (seam > start) return seam;
    const isWithinLine = this.#isLineOpen && this.#openBytes < this.#limits.maxSize;
    if (this.#size > 0 && !isWithinLine) return start;
    const newline = bytes.indexOf(NEWLINE, start);
    return newline < 0 || newline >= end ? end : newline + 1;
  }

  #append(bytes: Uint8Array, span: Span, at: number): number {
    if (this.#fd === null) return 0;
    const { written, failure } = this.#files.writeLogFile(this.#fd, bytes, span);
    if (failure === null) {
      if (this.#size === 0) this.#beginAge(at);
      this.#size += written;
      this.#noteLineEnd(bytes, span);
      return written;
    }
    this.#failure = { reason: failure, at };
    const kept = written === 0 ? 0 : Math.max(0, bytes.lastIndexOf(NEWLINE, span.start + written - 1) + 1 - span.start);
    const isTakenBack = kept === written || this.#files.truncateLogFile(this.#fd, this.#size + kept);
    const end = span.start + (isTakenBack ? kept : written);
    if (this.#size === 0 && end > span.start) this.#beginAge(at);
    this.#size += end - span.start;
    if (end > span.start) this.#noteLineEnd(bytes, { start: span.start, end });
    return kept;
  }

  #beginAge(at: number): void {
    this.#age.beginAt(at);
    this.#wakeLater(at);
  }

  #noteLineEnd(bytes: Uint8Array, span: Span): void {
    const lastNewline = bytes[span.end - 1] === NEWLINE ? span.end - 1 : bytes.lastIndexOf(NEWLINE, span.end - 1);
    const isWithin = lastNewline < span.start;
    this.#openBytes = isWithin ? this.#openBytes + span.end - span.start : span.end - 1 - lastNewline;
    this.#isLineOpen = isWithin || this.#openBytes > 0;
  }

  /** Begins a new file. If the old one cannot be moved away, it grows on, and this is tried again after a second. */
  #rotate(at: number): boolean {
    const moved = rotateFiles(this.path, this.#limits.keep, this.#files);
    if (moved.tag === "failed") {
      if (!this.#rotationFails) this.#ports.report(`cannot rotate "${this.path}": ${moved.reason}; it grows on`, false);
      this.#rotationFails = true;
      this.#growsUntil = at + RETRY_MICROS;
      return true;
    }
    if (this.#rotationFails) this.#ports.report(`"${this.path}" is rotated again`, true);
    this.#rotationFails = false;
    const isLineOpen = this.#isLineOpen;
    const isOpen = this.#open(at);
    this.#isLineOpen = isLineOpen;
    this.#openBytes = 0;
    this.#keeper.rotated(at);
    this.#wakeLater(at);
    return isOpen;
  }
}
