/**
 * The first page of the state mapping, little-endian:
 *
 *     0   16 bytes magic
 *     16  u32 version, u32 size of a record, u32 number of records
 *     28  u32 CRC-32 of what stands before it and of the boot id
 *     32  u32 generation       at this place in every version: children of any predecessor compare it
 *     36  u32 1 after an orderly end
 *     40  u32 pid of the supervisor
 *     64  u8 length, boot id
 */
export const HEADER_SIZE = 4096;
export const GENERATION_OFFSET = 32;
export const CAPACITY = 4096;
/** Append only. 1: first release. */
const VERSION = 1;
const LONGEST_BOOT_ID = 128;

const MAGIC = new TextEncoder().encode("daemonsup state\n");
const BOOT_ID = 64;

export interface StateHeader {
  readonly bootId: string;
  readonly pid: number;
  readonly isClean: boolean;
}

export type HeaderReading =
  | { readonly tag: "ok"; readonly header: StateHeader }
  /** Nothing but zeros. */
  | { readonly tag: "blank" }
  | { readonly tag: "version"; readonly version: number }
  | { readonly tag: "damaged" };

/** Makes the header whole; the generation is left as it is. */
export function writeHeader(bytes: Uint8Array, header: StateHeader, recordSize: number): void {
  const view = viewOf(bytes);
  const bootId = new TextEncoder().encode(header.bootId).subarray(0, LONGEST_BOOT_ID - 1);
  bytes.set(MAGIC, 0);
  view.setUint32(16, VERSION, true);
  view.setUint32(20, recordSize, true);
  view.setUint32(24, CAPACITY, true);
  view.setUint32(36, header.isClean ? 1 : 0, true);
  view.setUint32(40, header.pid, true);
  bytes.fill(0, BOOT_ID, BOOT_ID + LONGEST_BOOT_ID);
  bytes[BOOT_ID] = bootId.length;
  bytes.set(bootId, BOOT_ID + 1);
  view.setUint32(28, checksumOf(bytes), true);
}

export function readHeader(bytes: Uint8Array, recordSize: number): HeaderReading {
  const view = viewOf(bytes);
  if (bytes.subarray(0, GENERATION_OFFSET).every((byte) => byte === 0)) return { tag: "blank" };
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return { tag: "damaged" };
  const version = view.getUint32(16, true);
  if (version !== VERSION) return { tag: "version", version };
  const isWhole = view.getUint32(28, true) === checksumOf(bytes) && view.getUint32(20, true) === recordSize;
  if (!isWhole) return { tag: "damaged" };
  const text = bytes.slice(BOOT_ID + 1, BOOT_ID + 1 + view.getUint8(BOOT_ID));
  const header = {
    bootId: new TextDecoder().decode(text),
    pid: view.getUint32(40, true),
    isClean: view.getUint32(36, true) === 1,
  };
  return { tag: "ok", header };
}

/** More supervisors than these there have not been: such a number comes of damage. Others are numbered by it, and must be exact. */
const MOST_GENERATIONS = 1_000_000;

/** Gives the mapping the next generation, another one in any case, and returns it. */
export function advanceGeneration(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  const next = (view.getUint32(GENERATION_OFFSET, true) % MOST_GENERATIONS) + 1;
  view.setUint32(GENERATION_OFFSET, next, true);
  return next;
}

export function markClean(bytes: Uint8Array): void {
  viewOf(bytes).setUint32(36, 1, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE);
}

function checksumOf(bytes: Uint8Array): number {
  return Bun.hash.crc32(bytes.subarray(BOOT_ID, BOOT_ID + LONGEST_BOOT_ID), Bun.hash.crc32(bytes.subarray(0, 28)));
}
