import type { Millis } from "../core/units.ts";
import { NEWLINE } from "./line-framer.ts";
import type { LogFiles } from "./log-files.ts";

/** When a line of a file was written, in milliseconds since 1970; null if it does not tell. */
export type TimeOfLine = (line: string) => number | null;

/** Enough for every stamp, and for the beginning of a JSON record; a longer line is not read to its end. */
const FIRST_BYTES = 4096;

/** How old the first line of a log file is. Nothing is read, and nothing is due, unless there is a greatest age. */
export class FileAge {
  timeOf: TimeOfLine;
  readonly #path: string;
  readonly #files: LogFiles;
  #most: Millis | null = null;
  /** In microseconds since 1970; null: the file is empty, or it does not matter. */
  #beganAt: number | null = null;
  #endsAt = Number.POSITIVE_INFINITY;

  constructor(path: string, timeOf: TimeOfLine, files: LogFiles) {
    this.#path = path;
    this.timeOf = timeOf;
    this.#files = files;
  }

  /** When the file is as old as it may become, in microseconds since 1970; infinite if it never is. */
  get endsAt(): number {
    return this.#endsAt;
  }

  /** The greatest age from now on; null: any. */
  set most(most: Millis | null) {
    const isNew = this.#most === null && most !== null;
    this.#most = most;
    if (isNew && this.#beganAt === null) this.begin((this.#files.lookAtLogFile(this.#path)?.size ?? 0) > 0);
    else this.#reckon();
  }

  /** The file was opened; `hasLines`: it is not empty. */
  begin(hasLines: boolean): void {
    this.#beganAt = hasLines && this.#most !== null ? this.#firstTime() : null;
    this.#reckon();
  }

  /** The first line is written now, `at` microseconds since 1970. */
  beginAt(at: number): void {
    this.#beganAt = at;
    this.#reckon();
  }

  #reckon(): void {
    const isFinite = this.#most !== null && this.#beganAt !== null;
    this.#endsAt = isFinite ? (this.#beganAt ?? 0) + (this.#most ?? 0) * 1000 : Number.POSITIVE_INFINITY;
  }

  /** What the first line says; else when the file was made, and where that is not known, when it was changed last. */
  #firstTime(): number {
    const said = this.timeOf(this.#firstLine());
    if (said !== null) return said * 1000;
    const look = this.#files.lookAtLogFile(this.#path);
    return (look?.bornAt || (look?.changedAt ?? 0)) * 1000;
  }

  #firstLine(): string {
    const bytes = this.#files.readLogFileStart(this.#path, FIRST_BYTES) ?? new Uint8Array(0);
    const end = bytes.indexOf(NEWLINE);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }
}
