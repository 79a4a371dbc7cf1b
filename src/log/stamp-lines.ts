import { NEWLINE, type Block } from "./line-framer.ts";
import type { OutBuffer } from "./out-buffer.ts";

/** From so many bytes on a call to native code is cheaper than a loop. */
const MANY_BYTES = 1024;
/** The most that a stamp has, and that native code may write beyond the end. */
const STAMP_ROOM = 32;

/** Appends the block to `out`, with the stamp before every line that begins in it. The inner loop of the whole data path. */
export function stampLines(block: Block, stamp: Uint8Array, out: OutBuffer): void {
  let from = block.start;
  if (block.continues || block.unfinished) {
    if (!block.continues) out.append(stamp);
    const newline = block.unfinished ? -1 : block.bytes.indexOf(NEWLINE, from);
    const end = newline < 0 ? block.end : newline + 1;
    out.append(block.bytes.subarray(from, end));
    from = end;
  }
  if (out.copyStamped !== null && block.end - from >= MANY_BYTES) stampNatively(block, { from, stamp }, out);
  else stampInLoop(block, { from, stamp }, out);
}

interface Stamped {
  /** Where the lines begin that are to be stamped. */
  readonly from: number;
  readonly stamp: Uint8Array;
}

function stampNatively({ bytes, end }: Block, { from, stamp }: Stamped, out: OutBuffer): void {
  // Enough at once for lines of the usual length.
  out.reserve(2 * (end - from) + 2 * STAMP_ROOM);
  for (let start = from; start < end;) {
    const { taken, written } = out.copyStamped?.({ bytes, start, end }, stamp, out) ?? { taken: 0, written: 0 };
    start += taken;
    out.length += written;
    if (start < end) out.reserve(2 * out.bytes.length);
  }
}

/** Loops instead of `set` and `subarray`, which cost more than the copying when lines are short. */
function stampInLoop({ bytes, end: last }: Block, { from: first, stamp }: Stamped, out: OutBuffer): void {
  for (let from = first; from < last;) {
    const end = bytes.indexOf(NEWLINE, from) + 1;
    out.reserve(stamp.length + end - from);
    const target = out.bytes;
    let to = out.length;
    for (let index = 0; index < stamp.length; index++) target[to++] = stamp[index] as number;
    for (let index = from; index < end; index++) target[to++] = bytes[index] as number;
    out.length = to;
    from = end;
  }
}
