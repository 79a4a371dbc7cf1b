/*
 * Where the pieces of a compressed log are, each of which can be uncompressed alone. Our own files consist of pieces of a
 * MiB: of zstd a table at the end says where they are; members of gzip are found by their headers, which are all the same
 * (RFC 1952, 2.3), and what is between two of them ends with the length of what it holds. A file that somebody else has
 * compressed is one piece, and has to be small enough to be kept in memory.
 */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Compression } from "../core/log-policy.ts";
import { readAt, readInto } from "./read-at.ts";
import { decodeSeekTable, FOOTER_BYTES, seekTableSizeOf } from "./zstd-seek-table.ts";

/** The most that a piece may hold, compressed or not, in bytes. */
const MOST_PIECE = 64 * 1024 * 1024;
/** A table of more entries belongs to a file of more than 64 GiB. In bytes. */
const MOST_TABLE = 512 * 1024;
const SCAN_BYTES = 1024 * 1024;
/** Identification, flags, time, and what made it. */
const GZIP_HEADER_BYTES = 10;
const GZIP_MAGIC = [0x1f, 0x8b, 8];
/** A piece that has no more is none: header, an empty block, checksum and length. */
const LEAST_MEMBER = 20;

export interface PlacedFrame {
  /** Of the compressed piece in the file. */
  readonly at: number;
  readonly compressed: number;
  /** Of what it holds, in what the whole file holds. */
  readonly start: number;
  readonly original: number;
}

export type FramesFound =
  | { readonly tag: "found"; readonly frames: readonly PlacedFrame[] }
  | { readonly tag: "failed"; readonly reason: string };

const FOREIGN = "it was compressed by another program and holds more than 64 MiB";

/** Finds the pieces of an open file of `size` bytes. Throws what reading it throws. */
export function findFrames(fd: number, size: number, compression: Compression): FramesFound {
  return compression === "zstd" ? zstdFrames(fd, size) : gzipFrames(fd, size);
}

/** What a piece holds; null: it is damaged. */
export function uncompress(
  bytes: Uint8Array<ArrayBuffer>,
  compression: Compression,
  original: number,
): Uint8Array | null {
  try {
    // A buffer of no bytes at all cannot be asked for.
    const limit = { maxOutputLength: Math.max(1, original) };
    const held = compression === "zstd" ? zstdDecompressSync(bytes, limit) : gunzipSync(bytes, limit);
    return held.length === original ? held : null;
  } catch {
    return null;
  }
}

function zstdFrames(fd: number, size: number): FramesFound {
  const tableSize = seekTableSizeOf(readAt(fd, Math.max(0, size - FOOTER_BYTES), FOOTER_BYTES));
  if (tableSize === null || tableSize > Math.min(size, MOST_TABLE)) return foreignZstd(fd, size);
  const table = decodeSeekTable(readAt(fd, size - tableSize, tableSize));
  if (table === null) return foreignZstd(fd, size);
  const frames: PlacedFrame[] = [];
  let at = 0;
  let start = 0;
  for (const { compressed, original } of table) {
    if (Math.max(compressed, original) > MOST_PIECE) return { tag: "failed", reason: FOREIGN };
    frames.push({ at, compressed, start, original });
    at += compressed;
    start += original;
  }
  return { tag: "found", frames };
}

function foreignZstd(fd: number, size: number): FramesFound {
  if (size > MOST_PIECE) return { tag: "failed", reason: FOREIGN };
  try {
    const { length } = zstdDecompressSync(readAt(fd, 0, size), { maxOutputLength: MOST_PIECE });
    return { tag: "found", frames: [{ at: 0, compressed: size, start: 0, original: length }] };
  } catch (error) {
    return { tag: "failed", reason: error instanceof RangeError ? FOREIGN : "it is damaged" };
  }
}

function gzipFrames(fd: number, size: number): FramesFound {
  const header = readAt(fd, 0, GZIP_HEADER_BYTES);
  if (GZIP_MAGIC.some((byte, index) => header[index] !== byte)) return { tag: "failed", reason: "it is damaged" };
  const frames: PlacedFrame[] = [];
  const starts = [...headersIn(fd, header), size];
  let start = 0;
  for (let index = 0; index + 1 < starts.length; index++) {
    const at = starts[index] ?? 0;
    const compressed = (starts[index + 1] ?? size) - at;
    const trailer = readAt(fd, at + compressed - 4, 4);
    const original = new DataView(trailer.buffer, trailer.byteOffset, trailer.length).getUint32(0, true);
    if (Math.max(compressed, original) > MOST_PIECE) return { tag: "failed", reason: FOREIGN };
    frames.push({ at, compressed, start, original });
    start += original;
  }
  return { tag: "found", frames };
}

/** Where pieces begin: wherever the bytes are those that the file begins with. */
function headersIn(fd: number, header: Uint8Array): readonly number[] {
  const starts = [0];
  const bytes = Buffer.alloc(SCAN_BYTES);
  for (let from = LEAST_MEMBER; ;) {
    const count = readInto(fd, bytes, from);
    const scanned = bytes.subarray(0, count);
    for (let at = scanned.indexOf(header); at >= 0; at = scanned.indexOf(header, at + LEAST_MEMBER))
      starts.push(from + at);
    if (count < SCAN_BYTES) return starts;
    from = Math.max(from + count - header.length + 1, (starts.at(-1) ?? 0) + LEAST_MEMBER);
  }
}
