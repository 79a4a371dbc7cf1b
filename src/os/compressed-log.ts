import { closeSync, constants, fstatSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Compression } from "../core/log-policy.ts";
import type { FileEnd } from "./log-file.ts";
import { readAt } from "./read-at.ts";
import { openUncopied } from "./reserve-numbers.ts";
import { decodeSeekTable, FOOTER_BYTES, type Frame, seekTableSizeOf } from "./zstd-seek-table.ts";

/** A gzip file has to be read from its beginning: a larger one, compressed or not, would take too long. In bytes. */
const MOST_GZIP = 4 * 1024 * 1024;
const MOST_GUNZIPPED = 16 * 1024 * 1024;
/** A table of more entries belongs to a file of more than 64 GiB. In bytes. */
const MOST_TABLE = 512 * 1024;

/**
 * At most the last `most` bytes of what a compressed file holds. null if it is missing or unreadable, if it is no such file,
 * or if that would take long: for gzip, beyond 16 MiB; for zstd, if it was not compressed by us.
 */
export function readCompressedLogEnd(path: string, compression: Compression, most: number): FileEnd | null {
  let fd = -1;
  try {
    fd = openUncopied(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const status = fstatSync(fd);
    if (!status.isFile()) return null;
    const end = compression === "gzip" ? gzipEndOf(fd, status.size) : zstdEndOf(fd, status.size, most);
    if (end === null) return null;
    const bytes = end.bytes.subarray(Math.max(0, end.bytes.length - most));
    const isWhole = end.isWhole && bytes.length === end.bytes.length;
    return { bytes, isWhole, changedAt: Math.floor(status.mtimeMs) };
  } catch {
    return null;
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

type End = Pick<FileEnd, "bytes" | "isWhole">;

function gzipEndOf(fd: number, size: number): End | null {
  if (size > MOST_GZIP) return null;
  return { bytes: gunzipSync(readAt(fd, 0, size), { maxOutputLength: MOST_GUNZIPPED }), isWhole: true };
}

function zstdEndOf(fd: number, size: number, most: number): End | null {
  const tableSize = seekTableSizeOf(readAt(fd, Math.max(0, size - FOOTER_BYTES), FOOTER_BYTES));
  if (tableSize === null || tableSize > Math.min(size, MOST_TABLE)) return null;
  const frames = decodeSeekTable(readAt(fd, size - tableSize, tableSize));
  if (frames === null) return null;
  const wanted = lastFramesOf(frames, most);
  const compressed = wanted.reduce((sum, frame) => sum + frame.compressed, 0);
  const isWhole = wanted.length === frames.length;
  if (compressed === 0) return { bytes: new Uint8Array(0), isWhole };
  return { bytes: Bun.zstdDecompressSync(readAt(fd, size - tableSize - compressed, compressed)), isWhole };
}

/** As many frames from the end as it takes. */
function lastFramesOf(frames: readonly Frame[], most: number): readonly Frame[] {
  let start = frames.length;
  for (let sum = 0; start > 0 && sum < most; start--) sum += frames[start - 1]?.original ?? 0;
  return frames.slice(start);
}
