import { NEWLINE, type Block } from "./line-framer.ts";
import type { OutBuffer } from "./out-buffer.ts";

/**
 * Appends the block to `out`, with the stamp before every line that begins in it. The inner loop of the whole data path:
 * bytes in, bytes out. Loops instead of `set` and `subarray`, which cost more than the copying when lines are short.
 */
export function stampLines(block: Block, stamp: Uint8Array, out: OutBuffer): void {
  const { bytes } = block;
  let from = block.start;
  let isStamped = !block.continues;
  while (from < block.end) {
    const end = block.unfinished ? block.end : bytes.indexOf(NEWLINE, from) + 1;
    out.reserve(stamp.length + end - from);
    const target = out.bytes;
    let to = out.length;
    if (isStamped) {
      for (let index = 0; index < stamp.length; index++) target[to++] = stamp[index] as number;
    }
    for (let index = from; index < end; index++) target[to++] = bytes[index] as number;
    out.length = to;
    from = end;
    isStamped = true;
  }
}
