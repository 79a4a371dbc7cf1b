import { dlopen, FFIType, ptr, type Pointer } from "bun:ffi";
import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, readSync, renameSync, unlinkSync } from "node:fs";
import { identityOf } from "./compress-file.ts";
import { reasonOf } from "./errno-reason.ts";
import { lastErrno } from "./last-errno.ts";
import { hasRoomAbove } from "./pipe-io.ts";
import { openUncopied, raiseNumber } from "./reserve-numbers.ts";

const libc = dlopen("libc.so.6", {
  // int open(const char *pathname, int flags, mode_t mode);
  open: { args: ["cstring", "i32", "u32"], returns: "i32" },
  // ssize_t write(int fd, const void *buf, size_t count);
  write: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  // int ftruncate(int fd, off_t length);
  ftruncate: { args: ["i32", "i64"], returns: "i32" },
  // int statx(int dirfd, const char *pathname, int flags, unsigned int mask, struct statx *statxbuf);
  statx: { args: ["i32", "cstring", "i32", "u32", "ptr"], returns: "i32" },
} as const);

const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
const O_CLOEXEC = 0o2000000;
const MODE = 0o640;

export type OpenLogResult =
  { readonly tag: "open"; readonly fd: number } | { readonly tag: "failed" | "none-left"; readonly reason: string };

/** So many descriptors are left to others: to whoever looks at the processes of services, and to those who ask for something. */
const LEFT_TO_OTHERS = 5;
/** With the last one, the end of the file could not be looked at. */
const LEFT_BY_LAST = 1;

/**
 * Opens a log file for appending and makes it (mode 0640) if it is missing. Links are not followed, and what is not a
 * regular file is refused; neither a FIFO nor a device can make the caller wait. Its descriptor is none that children copy.
 * "none-left": there are too few descriptors for the file and for others; with `isLast` hardly any are left to those.
 */
export function openLogFile(path: string, isLast: boolean): OpenLogResult {
  const fd = libc.symbols.open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, MODE);
  if (fd < 0) return refusalOf(lastErrno());
  if (!hasRoomAbove(fd, isLast ? LEFT_BY_LAST : LEFT_TO_OTHERS)) {
    closeLogFile(fd);
    return refusalOf("EMFILE");
  }
  if (logFileStatus(fd)?.isRegular === true) return { tag: "open", fd: raiseNumber(fd) };
  closeLogFile(fd);
  return { tag: "failed", reason: "it is not a regular file" };
}

function refusalOf(errno: string): OpenLogResult {
  return { tag: errno === "EMFILE" || errno === "ENFILE" ? "none-left" : "failed", reason: reasonOf(errno) };
}

export interface LogFileStatus {
  /** In bytes. */
  readonly size: number;
  /** Names that the file has; 0 once it was deleted. */
  readonly links: number;
  readonly isRegular: boolean;
}

const AT_EMPTY_PATH = 0x1000;
const STATX_TYPE_NLINK_SIZE = 0x1 | 0x4 | 0x200;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

// statx(2), whose structure is the same everywhere; that of fstat(2) is not, and glibc before 2.33 has no such symbol.
const statx = new DataView(new ArrayBuffer(256));
const NLINK_AT = 16;
const MODE_AT = 28;
const SIZE_AT = 40;

/** What the file is now; null if the descriptor is none. */
export function logFileStatus(fd: number): LogFileStatus | null {
  if (libc.symbols.statx(fd, "", AT_EMPTY_PATH, STATX_TYPE_NLINK_SIZE, ptr(statx)) !== 0) return null;
  return {
    size: statx.getUint32(SIZE_AT, true) + statx.getUint32(SIZE_AT + 4, true) * 2 ** 32,
    links: statx.getUint32(NLINK_AT, true),
    isRegular: (statx.getUint16(MODE_AT, true) & S_IFMT) === S_IFREG,
  };
}

/** The same as the identity of its look, whatever name the file has; null if the descriptor is none. */
export function identityOfLogFile(fd: number): string | null {
  try {
    return identityOf(fstatSync(fd));
  } catch {
    return null;
  }
}

/** What was written, which may be less than asked for; `failure` says why it is. */
export interface WriteResult {
  readonly written: number;
  readonly failure: string | null;
}

/** Appends the bytes from `start` to `end`. */
export function writeLogFile(
  fd: number,
  bytes: Uint8Array,
  span: { readonly start: number; readonly end: number },
): WriteResult {
  const base = ptr(bytes);
  let at = span.start;
  while (at < span.end) {
    const count = Number(libc.symbols.write(fd, (base + at) as Pointer, span.end - at));
    const errno = count < 0 ? lastErrno() : null;
    if (errno === "EINTR") continue;
    if (errno !== null) return { written: at - span.start, failure: reasonOf(errno) };
    at += count;
  }
  return { written: at - span.start, failure: null };
}

/** Cuts the file to `size` bytes; false if it cannot be. */
export function truncateLogFile(fd: number, size: number): boolean {
  return libc.symbols.ftruncate(fd, size) === 0;
}

export type FileResult =
  { readonly tag: "ok" } | { readonly tag: "missing" } | { readonly tag: "failed"; readonly reason: string };

export function closeLogFile(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // A late write error of a network file system; the number is free either way.
  }
}

/** The same as `lookAtLogFile` gives for its name; null if the descriptor is none. */
export function logFileIdentity(fd: number): string | null {
  try {
    return identityOf(fstatSync(fd));
  } catch {
    return null;
  }
}

/** Which file, how long it was (bytes), and how long it may be by now. */
export interface FileCut {
  readonly identity: string;
  readonly before: number;
  readonly after: number;
}

/** Cuts the file to `before` bytes if it still is that one and not longer than `after`; false if it has to be and cannot. */
export function cutLogFile(path: string, { identity, before, after }: FileCut): boolean {
  let fd = -1;
  try {
    fd = openUncopied(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
    const status = fstatSync(fd);
    if (identityOf(status) === identity && status.size > before && status.size <= after) ftruncateSync(fd, before);
    return true;
  } catch {
    return false;
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/** true if the name is taken, by whatever. */
export function isLogFileThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** What has a name; times in milliseconds since 1970, `bornAt` 0 where the file system does not know it. */
export interface FileLook {
  readonly size: number;
  readonly changedAt: number;
  readonly bornAt: number;
  readonly identity: string;
}

/** Looks at a name without following links; null: nothing has it. */
export function lookAtLogFile(path: string): FileLook | null {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return null;
  const { size, mtimeMs, birthtimeMs } = status;
  return { size, changedAt: mtimeMs, bornAt: birthtimeMs, identity: identityOf(status) };
}

/** Gives the file another name, in place of a file that has it. */
export function renameLogFile(from: string, to: string): FileResult {
  return resultOf(() => renameSync(from, to));
}

export function removeLogFile(path: string): FileResult {
  return resultOf(() => unlinkSync(path));
}

/** The last bytes of a file and when it was changed last, in milliseconds since 1970. */
export interface FileEnd {
  readonly bytes: Uint8Array;
  /** true: the bytes begin at the beginning of the file. */
  readonly isWhole: boolean;
  readonly changedAt: number;
}

/** Reads at most the last `most` bytes of a regular file; null if it is missing, unreadable or something else. */
export function readLogFileEnd(path: string, most: number): FileEnd | null {
  let fd = -1;
  try {
    fd = openUncopied(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const status = fstatSync(fd);
    if (!status.isFile()) return null;
    const start = Math.max(0, status.size - most);
    const bytes = new Uint8Array(status.size - start);
    const count = readFully(fd, bytes, start);
    return { bytes: bytes.subarray(0, count), isWhole: start === 0, changedAt: Math.floor(status.mtimeMs) };
  } catch {
    return null;
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/** Reads at most the first `most` bytes of a regular file; null if it is missing, unreadable or something else. */
export function readLogFileStart(path: string, most: number): Uint8Array | null {
  let fd = -1;
  try {
    fd = openUncopied(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const status = fstatSync(fd);
    if (!status.isFile()) return null;
    const bytes = new Uint8Array(Math.min(most, status.size));
    return bytes.subarray(0, readFully(fd, bytes, 0));
  } catch {
    return null;
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

function readFully(fd: number, bytes: Uint8Array, position: number): number {
  let count = 0;
  while (count < bytes.length) {
    const more = readSync(fd, bytes, count, bytes.length - count, position + count);
    if (more === 0) break;
    count += more;
  }
  return count;
}

function resultOf(act: () => void): FileResult {
  try {
    act();
    return { tag: "ok" };
  } catch (error) {
    const errno = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return errno === "ENOENT" ? { tag: "missing" } : { tag: "failed", reason: reasonOf(errno) };
  }
}
