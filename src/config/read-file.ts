import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { decodeText } from "./decode-text.ts";
import { sourceTextOf, positionOf } from "./source-text.ts";

/** Definitions, settings and environment files may be this long, in bytes. */
const MAX_FILE_BYTES = 1024 * 1024;

export type FileRead =
  | { readonly tag: "read"; readonly text: string; readonly stat: Stats }
  | {
      readonly tag: "failed";
      readonly line: number;
      readonly column: number;
      readonly errno: string | null;
      readonly reason: string;
    };

/**
 * Reads a regular text file. Never blocks on a FIFO and never makes a terminal ours; the size and owner that are
 * judged belong to the very file that is read.
 */
export function readTextFile(path: string): FileRead {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    return failed(error);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return refused(`it is ${kindOf(stat)}, want a regular file`);
    if (stat.size > MAX_FILE_BYTES) return refused(`it has ${stat.size} bytes, want at most 1 MiB`);
    const bytes = readAll(fd, stat.size);
    if (bytes.length > MAX_FILE_BYTES) return refused("it has more than 1 MiB");
    return textOf(bytes, stat);
  } catch (error) {
    return failed(error);
  } finally {
    closeSync(fd);
  }
}

/** What a file is that is not a regular one, with its article. */
export function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return "a directory";
  if (stat.isFIFO()) return "a FIFO";
  if (stat.isSocket()) return "a socket";
  return stat.isFile() ? "a regular file" : "a device";
}

/** An error of a system call in words; the code itself where there are none. */
export function reasonOf(errno: string | null): string {
  return (errno === null ? undefined : REASONS[errno]) ?? errno ?? "it cannot be read";
}

export function errnoOf(error: unknown): string | null {
  return error instanceof Error && "code" in error ? String(error.code) : null;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "not permitted",
  ENOTDIR: "a part of the path is no directory",
  EISDIR: "it is a directory",
  ELOOP: "too many symbolic links",
  ENXIO: "it is a socket or a device without a driver",
  ENAMETOOLONG: "the path is too long",
  EMFILE: "too many open files",
  ENFILE: "too many open files",
  EIO: "input/output error",
};

// One byte more than allowed, so that a file that grows, or that says nothing of its size, is seen to be too long.
function readAll(fd: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size === 0 ? MAX_FILE_BYTES + 1 : size);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(fd, buffer, length, buffer.length - length, null);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

function textOf(bytes: Uint8Array, stat: Stats): FileRead {
  const decoded = decodeText(bytes);
  if (decoded.tag === "text") return { tag: "read", text: decoded.text, stat };
  const { line, column } = positionOf(sourceTextOf(decoded.before), decoded.before.length);
  return { tag: "failed", line, column, errno: null, reason: decoded.reason };
}

function failed(error: unknown): FileRead {
  const errno = errnoOf(error);
  return { tag: "failed", line: 1, column: 1, errno, reason: reasonOf(errno) };
}

function refused(reason: string): FileRead {
  return { tag: "failed", line: 1, column: 1, errno: null, reason };
}
