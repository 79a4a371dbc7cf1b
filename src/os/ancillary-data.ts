/* What comes along with a message on a Unix socket: credentials of its sender, and descriptors. unix(7), cmsg(3). */

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
/** struct cmsghdr: length with header, level, type. */
const HEADER_BYTES = 16;
/** The user of a sender whose credentials are missing. */
const NOBODY = 65534;

export interface Sender {
  /** 0: it is in a pid namespace that cannot be seen from here, or has not been told. */
  readonly pid: number;
  readonly uid: number;
}

export interface AncillaryData {
  readonly sender: Sender;
  readonly descriptors: readonly number[];
}

/** Reads the first `length` bytes of a control buffer: each header is followed by its data, and room up to a multiple of 8. */
export function decodeAncillary(words: DataView, length: number): AncillaryData {
  let sender: Sender = { pid: 0, uid: NOBODY };
  const descriptors: number[] = [];
  for (let at = 0; at + HEADER_BYTES <= length;) {
    const size = words.getUint32(at, true);
    const end = Math.min(at + size, length);
    const type = words.getInt32(at + 8, true) === SOL_SOCKET ? words.getInt32(at + 12, true) : 0;
    const data = at + HEADER_BYTES;
    if (type === SCM_CREDENTIALS) sender = { pid: words.getInt32(data, true), uid: words.getUint32(data + 4, true) };
    if (type === SCM_RIGHTS) descriptors.push(...numbersAt(words, data, (end - data) >> 2));
    at += Math.max(HEADER_BYTES, Math.ceil(size / 8) * 8);
  }
  return { sender, descriptors };
}

/** Writes one header with descriptors, and says how long it is with the room behind it. */
export function encodeDescriptors(words: DataView, descriptors: readonly number[]): number {
  const size = HEADER_BYTES + 4 * descriptors.length;
  words.setBigUint64(0, BigInt(size), true);
  words.setInt32(8, SOL_SOCKET, true);
  words.setInt32(12, SCM_RIGHTS, true);
  numbersAt(words, HEADER_BYTES, descriptors.length).set(descriptors);
  return Math.ceil(size / 8) * 8;
}

/** Both kinds of processor have the lower byte first, so descriptors need not be taken one by one. */
function numbersAt(words: DataView, at: number, count: number): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset + at, count);
}
