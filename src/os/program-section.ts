import { closeSync, openSync, readSync } from "node:fs";

/** Where a section of this program lies in memory: its first address, and the one behind it. */
export interface SectionRange {
  readonly start: number;
  readonly end: number;
}

const ELF_HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
/** ET_EXEC: addresses in the file are those in memory. */
const FIXED_ADDRESSES = 2;

/** null: there is none of that name, or it cannot be told (elf(5), 64 bits). */
export function findProgramSection(name: string): SectionRange | null {
  try {
    return findIn(openSync("/proc/self/exe", "r"), name);
  } catch {
    return null;
  }
}

function findIn(fd: number, name: string): SectionRange | null {
  try {
    const header = readAt(fd, 0, ELF_HEADER_BYTES);
    if (header.getUint16(0x10, true) !== FIXED_ADDRESSES) return null;
    const sections = header.getUint16(0x3c, true);
    const table = readAt(fd, Number(header.getBigUint64(0x28, true)), sections * SECTION_HEADER_BYTES);
    const names = sectionAt(table, header.getUint16(0x3e, true));
    const texts = readAt(fd, names.offset, names.size);
    for (let index = 0; index < sections; index++) {
      const { nameAt, address, size } = sectionAt(table, index);
      if (textAt(texts, nameAt) === name) return { start: address, end: address + size };
    }
    return null;
  } finally {
    closeSync(fd);
  }
}

function sectionAt(table: DataView, index: number) {
  const at = index * SECTION_HEADER_BYTES;
  return {
    nameAt: table.getUint32(at, true),
    address: Number(table.getBigUint64(at + 16, true)),
    offset: Number(table.getBigUint64(at + 24, true)),
    size: Number(table.getBigUint64(at + 32, true)),
  };
}

function textAt(texts: DataView, at: number): string {
  let text = "";
  for (let next = at; next < texts.byteLength && texts.getUint8(next) !== 0; next++)
    text += String.fromCharCode(texts.getUint8(next));
  return text;
}

function readAt(fd: number, position: number, count: number): DataView {
  const bytes = new Uint8Array(count);
  readSync(fd, bytes, { position });
  return new DataView(bytes.buffer);
}
