import type { Compression } from "../core/log-policy.ts";

/** What the sinks need of the file system. No call may wait for anything but the disk. Reasons are for people. */
export interface LogFiles {
  /**
   * Opens for appending, made if missing; never through a link, never anything but a regular file. "none-left": that would take a
   * descriptor that is left to others; with `isLast` the last one is taken.
   */
  openLogFile(path: string, isLast: boolean): OpenLogFile;
  closeLogFile(fd: number): void;
  /** What `lookAtLogFile` calls the file; null if there is no such descriptor. */
  logFileIdentity(fd: number): string | null;
  /** Size in bytes and number of names; null if there is no such descriptor. */
  logFileStatus(fd: number): { readonly size: number; readonly links: number } | null;
  /** As `lookAtLogFile` gives it, whatever name the file has; null if there is no such descriptor. */
  identityOfLogFile(fd: number): string | null;
  /** Appends; what was written may be less than asked for, and `failure` then says why. */
  writeLogFile(
    fd: number,
    bytes: Uint8Array,
    span: Span,
  ): { readonly written: number; readonly failure: string | null };
  /** Cuts the file to `size` bytes; false if it cannot be. */
  truncateLogFile(fd: number, size: number): boolean;
  /** Cuts it to `before` bytes if it still is this file and not longer than `after`; false if it has to be and cannot. */
  cutLogFile(path: string, cut: FileCut): boolean;
  isLogFileThere(path: string): boolean;
  /** What has the name; links are not followed. null: nothing. */
  lookAtLogFile(path: string): FileLook | null;
  /** In place of a file that has the name already. */
  renameLogFile(from: string, to: string): FileResult;
  removeLogFile(path: string): FileResult;
  /** At most the last `most` bytes; null if the file cannot be read. `changedAt` is in milliseconds since 1970. */
  readLogFileEnd(path: string, most: number): FileEnd | null;
  /** The same of what a compressed file holds; null also if that would take too long to find out. */
  readCompressedLogEnd(path: string, compression: Compression, most: number): FileEnd | null;
  /** At most the first `most` bytes; null if the file cannot be read. */
  readLogFileStart(path: string, most: number): Uint8Array | null;
}

export type OpenLogFile =
  { readonly tag: "open"; readonly fd: number } | { readonly tag: "failed" | "none-left"; readonly reason: string };

export interface FileLook {
  /** In bytes. */
  readonly size: number;
  /** In milliseconds since 1970; `bornAt` is 0 where the file system does not know it. */
  readonly changedAt: number;
  readonly bornAt: number;
  /** The same under every name, and no other file has it as long as this one is there. */
  readonly identity: string;
}

/** Lengths in bytes. */
export interface FileCut {
  readonly identity: string;
  readonly before: number;
  readonly after: number;
}

export type FileResult =
  { readonly tag: "ok" } | { readonly tag: "missing" } | { readonly tag: "failed"; readonly reason: string };

export interface FileEnd {
  readonly bytes: Uint8Array;
  /** true: the bytes begin at the beginning of the file. */
  readonly isWhole: boolean;
  readonly changedAt: number;
}

/** A stretch of a buffer. */
export interface Span {
  readonly start: number;
  readonly end: number;
}
