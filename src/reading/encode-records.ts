import { isoTimeOf } from "../log/stamp.ts";
import type { LogRecord } from "./log-record.ts";

/** A line as others are told of it. */
export interface OutputLine extends Omit<LogRecord, "at"> {
  /** ISO 8601 UTC, to the microsecond. */
  readonly at: string;
}

/** Something that is to be said beside the lines; `exit` is the status that a command ends with, 0 if all is well. */
export interface OutputNote {
  readonly note: string;
  readonly exit: number;
}

/** Whose output it is, said before all else. */
export interface OutputHead {
  readonly services: readonly string[];
}

export function outputLineOf(record: LogRecord): OutputLine {
  return { ...record, at: isoTimeOf(record.at) };
}

/** One object a line. */
export function encodeItems(items: readonly (OutputLine | OutputNote | OutputHead)[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join("");
}

/** The same of one line: nothing is made for it but its text. */
export function encodeRecord(record: LogRecord): string {
  return `${JSON.stringify(outputLineOf(record))}\n`;
}
