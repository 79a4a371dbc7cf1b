/*
 * The table at the end of a compressed file that says where its pieces are: the seekable format of zstd
 * (contrib/seekable_format/zstd_seekable_compression_format.md in its source). It is a frame that every reader of zstd
 * skips: magic number and length, then 4 bytes each of compressed and original length for every frame, then the number of
 * frames, a byte of flags and another magic number. All numbers are little-endian.
 */
const SKIPPABLE_MAGIC = 0x184d2a5e;
const TABLE_MAGIC = 0x8f92eab1;
const HEADER_BYTES = 8;
const ENTRY_BYTES = 8;
/** Also what is to be read first of a file, from its end. */
export const FOOTER_BYTES = 9;
/** Says that each entry has a checksum as well. */
const WITH_CHECKSUMS = 0x80;

/** One frame, in bytes. */
export interface Frame {
  readonly compressed: number;
  readonly original: number;
}

export function encodeSeekTable(frames: readonly Frame[]): Uint8Array {
  const entries = frames.length * ENTRY_BYTES;
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + entries + FOOTER_BYTES));
  view.setUint32(0, SKIPPABLE_MAGIC, true);
  view.setUint32(4, entries + FOOTER_BYTES, true);
  frames.forEach(({ compressed, original }, index) => {
    view.setUint32(HEADER_BYTES + index * ENTRY_BYTES, compressed, true);
    view.setUint32(HEADER_BYTES + index * ENTRY_BYTES + 4, original, true);
  });
  view.setUint32(HEADER_BYTES + entries, frames.length, true);
  view.setUint8(HEADER_BYTES + entries + 4, 0);
  view.setUint32(HEADER_BYTES + entries + 5, TABLE_MAGIC, true);
  return new Uint8Array(view.buffer);
}

/** How long the table is, told by the last bytes of the file; null if they are not the end of one. */
export function seekTableSizeOf(footer: Uint8Array): number | null {
  if (footer.length !== FOOTER_BYTES) return null;
  const view = viewOf(footer);
  if (view.getUint32(5, true) !== TABLE_MAGIC || (view.getUint8(4) & WITH_CHECKSUMS) !== 0) return null;
  return HEADER_BYTES + view.getUint32(0, true) * ENTRY_BYTES + FOOTER_BYTES;
}

/** The frames of the whole table; null if it is none. */
export function decodeSeekTable(bytes: Uint8Array): readonly Frame[] | null {
  if (seekTableSizeOf(bytes.subarray(-FOOTER_BYTES)) !== bytes.length) return null;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== SKIPPABLE_MAGIC) return null;
  const count = (bytes.length - HEADER_BYTES - FOOTER_BYTES) / ENTRY_BYTES;
  return Array.from({ length: count }, (_, index) => ({
    compressed: view.getUint32(HEADER_BYTES + index * ENTRY_BYTES, true),
    original: view.getUint32(HEADER_BYTES + index * ENTRY_BYTES + 4, true),
  }));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
