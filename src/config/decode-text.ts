/** A text, or where it stops being one: `at` is the offset in UTF-16 units after `before`, the part that is sound. */
export type Decoded =
  | { readonly tag: "text"; readonly text: string }
  | { readonly tag: "faulty"; readonly before: string; readonly reason: string };

/** Decodes UTF-8 strictly; a byte order mark at the beginning is dropped, a NUL byte refused. */
export function decodeText(bytes: Uint8Array): Decoded {
  const text = decode(bytes);
  if (text === null) {
    const bad = firstBadByteOf(bytes);
    const byte = (bytes[bad] ?? 0).toString(16).padStart(2, "0");
    return { tag: "faulty", before: decode(bytes.subarray(0, bad)) ?? "", reason: `byte 0x${byte} is not UTF-8` };
  }
  const nul = text.indexOf("\0");
  if (nul !== -1) return { tag: "faulty", before: text.slice(0, nul), reason: "NUL byte" };
  return { tag: "text", text };
}

const DECODER = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string | null {
  try {
    return DECODER.decode(bytes);
  } catch {
    return null;
  }
}

/** The same for the beginning of a text: the last character may be cut off. */
function isBeginning(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Where the first sequence begins that is no character: bisected, as a prefix that only lacks its end still decodes. */
function firstBadByteOf(bytes: Uint8Array): number {
  let sound = 0;
  let broken = bytes.length + 1;
  while (broken - sound > 1) {
    const middle = (sound + broken) >> 1;
    if (middle <= bytes.length && isBeginning(bytes.subarray(0, middle))) sound = middle;
    else broken = middle;
  }
  while (sound > 0 && decode(bytes.subarray(0, sound)) === null) sound--;
  return sound;
}
