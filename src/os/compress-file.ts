import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  openSync,
  readSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Compression } from "../core/log-policy.ts";
import { reasonOf } from "./errno-reason.ts";
import { openUncopied } from "./reserve-numbers.ts";
import { encodeSeekTable, type Frame } from "./zstd-seek-table.ts";

/** What is compressed at a time, in bytes: all the memory that it takes, and what must be read to see a part of it. */
const PIECE = 1024 * 1024;

export interface FileToCompress {
  readonly source: string;
  /** As `lookAtLogFile` gives it. */
  readonly identity: string;
  /** Where the outcome goes; what is there is replaced. */
  readonly target: string;
  readonly compression: Compression;
}

export type CompressResult =
  | { readonly tag: "written"; readonly size: number }
  | { readonly tag: "gone" }
  | { readonly tag: "failed"; readonly reason: string };

/**
 * Compresses a file into another one, which has its owner, mode and times, and is on the disk when this returns. Every MiB
 * becomes a frame of zstd or a member of gzip of its own, which every program for these reads as one file.
 */
export function compressFile({ source, identity, target, compression }: FileToCompress): CompressResult {
  const fds: number[] = [];
  try {
    const from = openUncopied(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    fds.push(from);
    const status = fstatSync(from);
    if (identityOf(status) !== identity) return { tag: "gone" };
    if (!status.isFile()) return { tag: "failed", reason: "it is not a regular file" };
    removeIfThere(target);
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const to = openUncopied(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    fds.push(to);
    const size = copy(from, to, compression);
    likeOriginal(to, status);
    fsyncSync(to);
    return { tag: "written", size };
  } catch (error) {
    const errno = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return errno === "ENOENT" ? { tag: "gone" } : { tag: "failed", reason: reasonOf(errno) };
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

/** Returns when the names that files have in the directory of this one are on the disk. */
export function syncDirectoryOf(path: string): { readonly tag: "synced" } | Extract<CompressResult, { tag: "failed" }> {
  let fd = -1;
  try {
    fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
    fsyncSync(fd);
    return { tag: "synced" };
  } catch (error) {
    const errno = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { tag: "failed", reason: reasonOf(errno) };
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/**
 * The same under every name of a file, and different for every other file that is there. A file system may give the number
 * of a file that is gone to the next one that is made; most then differ in the time at which they were made.
 */
export function identityOf({ dev, ino, birthtimeMs }: Pick<Stats, "dev" | "ino" | "birthtimeMs">): string {
  return `${dev}:${ino}:${birthtimeMs}`;
}

/** Gives the number of bytes that were read. */
function copy(from: number, to: number, compression: Compression): number {
  const piece = new Uint8Array(PIECE);
  const frames: Frame[] = [];
  let size = 0;
  for (let count = readPiece(from, piece); count > 0; count = readPiece(from, piece)) {
    const compressed = compressPiece(piece.subarray(0, count), compression);
    writeFully(to, compressed);
    frames.push({ compressed: compressed.length, original: count });
    size += count;
  }
  if (compression === "zstd") writeFully(to, encodeSeekTable(frames));
  return size;
}

function compressPiece(bytes: Uint8Array<ArrayBuffer>, compression: Compression): Uint8Array {
  return compression === "zstd" ? Bun.zstdCompressSync(bytes) : Bun.gzipSync(bytes);
}

function readPiece(fd: number, piece: Uint8Array): number {
  let count = 0;
  while (count < piece.length) {
    const more = readSync(fd, piece, count, piece.length - count, null);
    if (more === 0) break;
    count += more;
  }
  return count;
}

function writeFully(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at);
}

function likeOriginal(fd: number, status: Stats): void {
  const own = fstatSync(fd);
  if (own.uid !== status.uid || own.gid !== status.gid) {
    try {
      fchownSync(fd, status.uid, status.gid);
    } catch {
      // Only root may give it away; then nobody but its owner may read it.
      fchmodSync(fd, status.mode & 0o600);
      return;
    }
  }
  fchmodSync(fd, status.mode & 0o777);
  futimesSync(fd, status.atimeMs / 1000, status.mtimeMs / 1000);
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
