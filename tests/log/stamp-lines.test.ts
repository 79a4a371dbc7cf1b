import { expect, test } from "bun:test";
import fc from "fast-check";
import { OutBuffer } from "../../src/log/out-buffer.ts";
import { stampLines } from "../../src/log/stamp-lines.ts";
import { stampCopierAddress, stampCopierAt } from "../../src/os/stamp-copier.ts";

const copyStamped = stampCopierAt(stampCopierAddress());
const LONGEST_STAMP = 32;

/** Lines with their newlines, many of them empty, some of them long. */
const lines = fc.array(
  fc.oneof(
    fc.constant("\n"),
    fc.string({ maxLength: 200 }).map((text) => `${text.replaceAll("\n", "")}\n`),
    fc.integer({ min: 1, max: 20_000 }).map((length) => `${"x".repeat(length)}\n`),
  ),
  { minLength: 1, maxLength: 200 },
);

test("native code and JavaScript put the same stamp before the same lines, wherever they begin in their buffer", () => {
  const cases = fc.record({
    texts: lines,
    stamp: fc.string({ minLength: 1, maxLength: LONGEST_STAMP, unit: "grapheme-ascii" }),
    start: fc.integer({ min: 0, max: 9 }),
    continues: fc.boolean(),
  });
  fc.assert(
    fc.property(cases, ({ texts, stamp, start, continues }) => {
      const bytes = Buffer.from("?".repeat(start) + texts.join(""));
      const block = { bytes, start, end: bytes.length, continues, unfinished: false };
      const outcomes = [new OutBuffer(copyStamped), new OutBuffer()].map((out) => {
        out.append(Buffer.from("before"));
        stampLines(block, Buffer.from(stamp), out);
        return Buffer.from(out.bytes.subarray(0, out.length)).toString();
      });
      const expected = texts.map((text, index) => (continues && index === 0 ? text : stamp + text));
      expect(outcomes).toEqual([`before${expected.join("")}`, `before${expected.join("")}`]);
    }),
  );
});

test("a million empty lines are stamped, though they become many times as long", () => {
  const bytes = new Uint8Array(1_000_000).fill(10);
  const out = new OutBuffer(copyStamped);
  const stamp = Buffer.from("2026-01-02T03:04:05.678901Z ");
  stampLines({ bytes, start: 0, end: bytes.length, continues: false, unfinished: false }, stamp, out);
  expect(out.length).toBe(bytes.length * (stamp.length + 1));
  expect(Buffer.from(out.bytes.subarray(out.length - 29, out.length)).toString()).toBe(`${stamp.toString()}\n`);
});
