import { readSync } from "node:fs";

/** Fills `into` from `position` of the file on; gives the number of bytes, which is smaller only at the end of the file. */
export function readInto(fd: number, into: Uint8Array, position: number): number {
  let count = 0;
  while (count < into.length) {
    const more = readSync(fd, into, count, into.length - count, position + count);
    if (more === 0) break;
    count += more;
  }
  return count;
}

/** The bytes from `position` on, as many of `size` as there are. */
export function readAt(fd: number, position: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  return bytes.subarray(0, readInto(fd, bytes, position));
}
