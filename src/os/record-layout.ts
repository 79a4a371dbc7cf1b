/*
 * How the file of records is laid out, little-endian. The first page says what the file is; two halves follow.
 *
 *     page    0 magic (16); 16 u32 layout, u32 CRC-32 of what is before and behind it, u8 length, boot id
 *     half    0 u32 sequence, u32 its complement; 8 u32 version of the texts, u32 its complement;
 *             16 u32 end, u32 its complement; 64 frames
 *     frame   0 u32 length of all of it, a multiple of 8; 4 u32 CRC-32 of what follows the word at 12, seeded by the sequence;
 *             8 u16 length of the key, u16 unused; 12 u32 1: done; 16 u32 length of the text, u32 unused; 24 key, text
 */
export const PAGE = 4096;
/** Of each half: enough for 4096 services of which most run by other definitions than those in force. */
export const HALF = 16 * 1024 * 1024;
export const RECORDS_SIZE = PAGE + 2 * HALF;
export const FIRST_FRAME = 64;
const FRAME_HEAD = 24;

const LAYOUT = 1;
const MAGIC = new TextEncoder().encode("daemonsup recs.\n");
const BOOT_ID = 24;
const LONGEST_BOOT_ID = 200;
const SEQUENCE = 0;
const VERSION = 8;
const END = 16;
const DONE = 12;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface Frame {
  /** From the beginning of the half. */
  readonly at: number;
  readonly length: number;
  readonly key: string;
  /** Empty: the key is forgotten. */
  readonly text: string;
  readonly isDone: boolean;
}

/** A frame as it is found. Its text is read when it is asked for: most are not the last ones of their keys. */
export interface FoundFrame extends Omit<Frame, "text"> {
  text(): string;
}

/** Says what the file is; `bytes` are the first page. */
export function writePage(bytes: Uint8Array, bootId: string): void {
  bytes.fill(0, 0, BOOT_ID + 1 + LONGEST_BOOT_ID);
  bytes.set(MAGIC);
  viewOf(bytes).setUint32(16, LAYOUT, true);
  const { written } = encoder.encodeInto(bootId, bytes.subarray(BOOT_ID + 1, BOOT_ID + 1 + LONGEST_BOOT_ID));
  bytes[BOOT_ID] = written;
  viewOf(bytes).setUint32(20, pageChecksumOf(bytes), true);
}

/** The boot id; null if the page is empty, "damaged" aside. */
export function readPage(bytes: Uint8Array): { readonly bootId: string } | "blank" | "damaged" {
  const page = bytes.subarray(0, BOOT_ID + 1 + LONGEST_BOOT_ID);
  if (page.every((byte) => byte === 0)) return "blank";
  const isOwn = MAGIC.every((byte, index) => page[index] === byte) && viewOf(bytes).getUint32(16, true) === LAYOUT;
  if (!isOwn || viewOf(bytes).getUint32(20, true) !== pageChecksumOf(bytes)) return "damaged";
  return { bootId: decoder.decode(page.slice(BOOT_ID + 1, BOOT_ID + 1 + (page[BOOT_ID] ?? 0))) };
}

function pageChecksumOf(bytes: Uint8Array): number {
  const rest = bytes.subarray(BOOT_ID, BOOT_ID + 1 + LONGEST_BOOT_ID);
  return Bun.hash.crc32(rest, Bun.hash.crc32(bytes.subarray(0, 20)));
}

/** One half of the file, as far as its numbers are whole: null is written where they are not. */
export class HalfView {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }

  get sequence(): number | null {
    return this.#read(SEQUENCE);
  }

  set sequence(value: number) {
    this.#write(SEQUENCE, value);
  }

  get version(): number | null {
    return this.#read(VERSION);
  }

  set version(value: number) {
    this.#write(VERSION, value);
  }

  /** Where the next frame goes. */
  get end(): number | null {
    return this.#read(END);
  }

  set end(value: number) {
    this.#write(END, value);
  }

  markDone(at: number): void {
    this.view.setUint32(at + DONE, 1, true);
  }

  #read(at: number): number | null {
    const value = this.view.getUint32(at, true);
    return value !== 0 && this.view.getUint32(at + 4, true) === ~value >>> 0 ? value : null;
  }

  // Between the two, nothing is believed of either.
  #write(at: number, value: number): void {
    this.view.setUint32(at, value, true);
    this.view.setUint32(at + 4, ~value >>> 0, true);
  }
}

/** The length that a frame of this key and text may have at most. */
export function longestFrameOf(key: string, text: string): number {
  return roundUp(FRAME_HEAD + 3 * (key.length + text.length));
}

/** Writes a frame; returns its length. There is room for the longest. */
export function writeFrame(
  { bytes, view }: HalfView,
  at: number,
  frame: Pick<Frame, "key" | "text" | "isDone"> & { readonly sequence: number },
): number {
  const keyLength = encoder.encodeInto(frame.key, bytes.subarray(at + FRAME_HEAD)).written;
  const textLength = encoder.encodeInto(frame.text, bytes.subarray(at + FRAME_HEAD + keyLength)).written;
  const end = at + FRAME_HEAD + keyLength + textLength;
  const length = roundUp(end - at);
  bytes.fill(0, end, at + length);
  view.setUint32(at, length, true);
  view.setUint32(at + 8, keyLength, true);
  view.setUint32(at + DONE, frame.isDone ? 1 : 0, true);
  view.setUint32(at + 16, textLength, true);
  view.setUint32(at + 20, 0, true);
  view.setUint32(at + 4, frameChecksumOf(bytes, at, { length, keyLength, sequence: frame.sequence }), true);
  return length;
}

/** Writes a frame of another half here. There is room for it. */
export function copyFrame(
  from: { readonly half: HalfView; readonly at: number; readonly length: number },
  { bytes, view }: HalfView,
  to: { readonly at: number; readonly sequence: number },
): void {
  const { length } = from;
  bytes.set(from.half.bytes.subarray(from.at, from.at + length), to.at);
  const keyLength = view.getUint32(to.at + 8, true);
  view.setUint32(to.at + 4, frameChecksumOf(bytes, to.at, { length, keyLength, sequence: to.sequence }), true);
}

/** The frame that begins here; null if there is none that is whole. */
export function readFrame({ bytes, view }: HalfView, at: number, sequence: number): FoundFrame | null {
  if (at + FRAME_HEAD > bytes.length) return null;
  const length = view.getUint32(at, true);
  if (length === 0) return null;
  const keyLength = view.getUint32(at + 8, true);
  const textLength = view.getUint32(at + 16, true);
  if (length % 8 !== 0 || at + length > bytes.length || keyLength + textLength > length - FRAME_HEAD) return null;
  if (view.getUint32(at + 4, true) !== frameChecksumOf(bytes, at, { length, keyLength, sequence })) return null;
  const text = at + FRAME_HEAD + keyLength;
  return {
    at,
    length,
    key: decoder.decode(bytes.subarray(at + FRAME_HEAD, text)),
    text: () => decoder.decode(bytes.subarray(text, text + textLength)),
    isDone: view.getUint32(at + DONE, true) === 1,
  };
}

function frameChecksumOf(
  bytes: Uint8Array,
  at: number,
  { length, keyLength, sequence }: { readonly length: number; readonly keyLength: number; readonly sequence: number },
): number {
  return Bun.hash.crc32(bytes.subarray(at + 16, at + length), (sequence ^ (keyLength << 16) ^ length) >>> 0);
}

function roundUp(length: number): number {
  return (length + 7) & ~7;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
