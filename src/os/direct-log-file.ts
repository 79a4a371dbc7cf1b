/* Log files that services write themselves. */
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { dlopen, FFIType } from "bun:ffi";
import { reasonOf } from "./errno-reason.ts";
import { errorCodeOf } from "./error-code.ts";
import type { FileResult } from "./log-file.ts";
import { readInto } from "./read-at.ts";
import { openUncopied } from "./reserve-numbers.ts";

const libc = dlopen("libc.so.6", {
  // int fcntl(int fd, int cmd, long arg);
  fcntl: { args: ["i32", "i32", FFIType.i64_fast], returns: "i32" },
} as const);

const { O_WRONLY, O_RDONLY, O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_TRUNC } = constants;
const F_SETFL = 4;
const MODE = 0o640;
const NOT_REGULAR = "it is not a regular file";

/** Who owns a file. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

export type OpenDirectResult =
  { readonly tag: "open"; readonly fd: number } | { readonly tag: "failed"; readonly reason: string };

/**
 * Opens a log file for appending, as stdout of a program: it blocks like any file. A missing one is made (mode 0640), for
 * `owner` unless that is null. Links are not followed, and what is not a regular file is refused.
 */
export function openDirectLog(path: string, owner: FileOwner | null): OpenDirectResult {
  let fd = -1;
  try {
    fd = openOrMake(path, owner);
    if (fstatSync(fd).isFile()) {
      libc.symbols.fcntl(fd, F_SETFL, O_APPEND);
      return { tag: "open", fd };
    }
    closeSync(fd);
    return { tag: "failed", reason: NOT_REGULAR };
  } catch (error) {
    if (fd >= 0) closeSync(fd);
    return { tag: "failed", reason: reasonOf(errorCodeOf(error)) };
  }
}

/** Opens a log file for reading only; null if it cannot be read, or is no regular file. */
export function openLogForReading(path: string): number | null {
  let fd = -1;
  try {
    fd = openUncopied(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch {
    // It is missing, or not for this user.
  }
  return null;
}

/** Fills `into` from `position` on; gives the number of bytes, less only at the end of the file or where it cannot be read. */
export function readLogAt(fd: number, into: Uint8Array, position: number): number {
  try {
    return readInto(fd, into, position);
  } catch {
    return 0;
  }
}

/** Makes an empty file with the owner and the mode of the open one `model`, unless the name is taken by now. */
export function makeLogLike(path: string, model: number): FileResult {
  let fd = -1;
  try {
    fd = openUncopied(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    giveAway(fd, model);
    return { tag: "ok" };
  } catch (error) {
    const errno = errorCodeOf(error);
    return errno === "EEXIST" ? { tag: "ok" } : { tag: "failed", reason: reasonOf(errno) };
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/**
 * Copies a log to `copy`, in place of what is there, then calls `keep`, which gives the copy the name that it stays under, and empties the
 * log. Its writers append, so they go on at the beginning. What they write between the last look at the end and the emptying
 * is lost.
 */
export function copyAndEmptyLog(path: string, copy: string, keep: () => FileResult): FileResult {
  const open: number[] = [];
  try {
    const from = openUncopied(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    open.push(from);
    const to = openUncopied(copy, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    open.push(to);
    giveAway(to, from);
    const buffer = new Uint8Array(PIECE);
    const copied = copyRest({ from, to, buffer }, 0);
    const kept = keep();
    if (kept.tag !== "ok") return kept;
    copyRest({ from, to, buffer }, copied);
    ftruncateSync(from, 0);
    return { tag: "ok" };
  } catch (error) {
    const errno = errorCodeOf(error);
    return errno === "ENOENT" ? { tag: "missing" } : { tag: "failed", reason: reasonOf(errno) };
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

/** A file that is there keeps its owner. */
function openOrMake(path: string, owner: FileOwner | null): number {
  const flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
  try {
    const fd = openSync(path, flags | O_CREAT | O_EXCL, MODE);
    if (owner !== null && process.geteuid?.() === 0) fchownSync(fd, owner.uid, owner.gid);
    return fd;
  } catch (error) {
    if (errorCodeOf(error) !== "EEXIST") throw error;
    return openSync(path, flags);
  }
}

/** Owner and mode of `model`; where it cannot be given away, nobody but its owner may read it. */
function giveAway(fd: number, model: number): void {
  const { uid, gid, mode } = fstatSync(model);
  try {
    fchownSync(fd, uid, gid);
  } catch {
    return;
  }
  fchmodSync(fd, mode & 0o777);
}

const PIECE = 256 * 1024;

interface Copy {
  readonly from: number;
  readonly to: number;
  readonly buffer: Uint8Array;
}

/** Copies from `position` to the end; gives where that is. */
function copyRest({ from, to, buffer }: Copy, position: number): number {
  let end = position;
  for (;;) {
    const count = readInto(from, buffer, end);
    if (count === 0) return end;
    for (let at = 0; at < count;) at += writeSync(to, buffer, at, count - at);
    end += count;
  }
}
