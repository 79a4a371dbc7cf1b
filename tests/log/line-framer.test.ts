import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { blockAfter, LineFramer, lineCountOf, textLinesOf } from "../../src/log/line-framer.ts";

/** A block as it was when it was given: its bytes as Latin-1 text, and what is said of it. */
interface Seen {
  readonly text: string;
  readonly continues: boolean;
  readonly unfinished: boolean;
}

/** Feeds the bytes in stretches of these lengths (over and over), then finishes. */
function frame(bytes: Uint8Array, lengths: readonly number[], limit: number): Seen[] {
  const framer = new LineFramer(limit);
  const buffer = new Uint8Array(2 * limit + 1);
  const seen: Seen[] = [];
  let start = 0;
  for (let turn = 0; start < bytes.length; turn++) {
    const length = Math.min(lengths[turn % lengths.length] ?? 1, limit, bytes.length - start);
    const offset = framer.begin(buffer);
    buffer.set(bytes.subarray(start, start + length), offset);
    for (const block of framer.take(buffer, offset + length)) seen.push(seenOf(block));
    start += length;
  }
  const last = framer.finish(buffer);
  return last === null ? seen : [...seen, seenOf(last)];
}

function seenOf(block: Parameters<typeof textLinesOf>[0]): Seen {
  const text = Buffer.from(block.bytes.subarray(block.start, block.end)).toString("latin1");
  return { text, continues: block.continues, unfinished: block.unfinished };
}

/** Blocks cut up into single lines and pieces: what does not depend on how the bytes arrived. */
function linesOf(blocks: readonly Seen[]): Seen[] {
  return blocks.flatMap((block): Seen[] => {
    if (block.unfinished) return [block];
    const lines = block.text.slice(0, -1).split("\n");
    return lines.map((line, index) => ({ ...block, text: `${line}\n`, continues: block.continues && index === 0 }));
  });
}

// Many newlines, and bytes that are the beginning, the middle and no part of a UTF-8 character.
const bytesOfLines = fc
  .array(fc.oneof(fc.constant(10), fc.constantFrom(97, 98, 0xc3, 0xa9, 0x80, 0xff, 0xf0, 0)), { maxLength: 200 })
  .map((bytes) => Uint8Array.from(bytes));
const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 });
const limits = fc.integer({ min: 4, max: 20 });

describe("framing", () => {
  test("the same bytes give the same lines and pieces, wherever they are cut", () => {
    fc.assert(
      fc.property(bytesOfLines, cuts, limits, (bytes, lengths, limit) => {
        expect(linesOf(frame(bytes, lengths, limit))).toEqual(linesOf(frame(bytes, [1], limit)));
      }),
    );
  });

  test("no byte is lost, and only a newline at the very end is added", () => {
    fc.assert(
      fc.property(bytesOfLines, cuts, limits, (bytes, lengths, limit) => {
        const text = frame(bytes, lengths, limit)
          .map((block) => block.text)
          .join("");
        const whole = Buffer.from(bytes).toString("latin1");
        expect(text).toBe(whole === "" || whole.endsWith("\n") ? whole : `${whole}\n`);
      }),
    );
  });

  test("a piece is followed by its continuation, and only a piece is", () => {
    fc.assert(
      fc.property(bytesOfLines, cuts, limits, (bytes, lengths, limit) => {
        const lines = linesOf(frame(bytes, lengths, limit));
        lines.forEach((line, index) => expect(line.continues).toBe(lines[index - 1]?.unfinished ?? false));
        for (const line of lines) expect(line.text.length).toBeLessThanOrEqual(limit + 1);
      }),
    );
  });

  test("a piece does not end within a UTF-8 character", () => {
    const text = "a" + "é".repeat(10);
    const pieces = linesOf(frame(new TextEncoder().encode(text), [3], 6));
    for (const piece of pieces) expect(Buffer.from(piece.text, "latin1").toString("utf8")).not.toContain("\uFFFD");
  });

  test("a line of exactly the limit is no long line", () => {
    expect(frame(new TextEncoder().encode("abcd\nabcde\n"), [4], 4)).toEqual([
      { text: "abcd\n", continues: false, unfinished: false },
      { text: "abcd", continues: false, unfinished: true },
      { text: "e\n", continues: true, unfinished: false },
    ]);
  });

  test("the text of a block is that of its lines one by one, though they are no UTF-8", () => {
    fc.assert(
      fc.property(bytesOfLines, (bytes) => {
        const whole = Uint8Array.from([...bytes, 10]);
        const block = { bytes: whole, start: 0, end: whole.length, continues: false, unfinished: false };
        const lines = textLinesOf(block);
        expect(lines.length).toBe(lineCountOf(block));
        lines.forEach((line, index) => {
          const rest = blockAfter(block, index);
          const first = rest?.bytes.subarray(rest.start, rest.bytes.indexOf(10, rest.start));
          expect(line).toBe(Buffer.from(first ?? []).toString("utf8"));
        });
        expect(blockAfter(block, lines.length)).toBeNull();
      }),
    );
  });
});
