import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { MultilinePolicy } from "../../src/core/log-policy.ts";
import { millis } from "../../src/core/units.ts";
import { LineFramer } from "../../src/log/line-framer.ts";
import { LineGrouper } from "../../src/log/line-grouper.ts";
import { recordTextsOf } from "../../src/log/record-block.ts";
import type { Source } from "../../src/log/source.ts";

const POLICY: MultilinePolicy = { start: "^\\S", lines: 100, bytes: 10_000, within: millis(500) };
const PIPE = {};

interface Record {
  readonly text: string;
  /** Of its first line. */
  readonly at: number;
}

function makeGrouper(policy: Partial<MultilinePolicy> = {}) {
  const records: Record[] = [];
  const wakes: number[] = [];
  let held = 0;
  const take = (block: Parameters<LineGrouper["write"]>[0], source: Source): void => {
    for (const text of recordTextsOf(block)) records.push({ text, at: source.at });
  };
  const grouper = new LineGrouper(
    { ...POLICY, ...policy },
    { write: take },
    {
      wakeAt: (at) => wakes.push(at),
      held: (delta) => (held += delta),
    },
  );
  return { grouper, records, wakes, texts: () => records.map(({ text }) => text), held: () => held };
}

/** Brings each piece to the grouper as one read of a pipe at that time; buffers are used again, as the plane does. */
function write(
  grouper: LineGrouper,
  pieces: readonly (readonly [text: Uint8Array | string, at: number])[],
  limit = 1000,
): void {
  const framer = new LineFramer(limit);
  const buffer = new Uint8Array(2 * limit + 1);
  for (const [text, at] of pieces) {
    const source: Source = { service: "web", pid: 7, stream: "stderr", at, pipe: PIPE };
    const bytes = Buffer.from(text);
    const offset = framer.begin(buffer);
    buffer.set(bytes, offset);
    for (const block of framer.take(buffer, offset + bytes.length)) grouper.write(block, source);
  }
  buffer.fill(0x21);
}

const TRACE = "Error: no\n    at a\n    at b\n";

test("lines of a record that is underway are counted until it is given on", () => {
  const { grouper, held } = makeGrouper();
  write(grouper, [[TRACE, 1]]);
  expect(held()).toBe(3);
  write(grouper, [["    at c\n", 2]]);
  expect(held()).toBe(4);
  write(grouper, [[`${TRACE}Error: another\n`, 3]]);
  expect(held()).toBe(1);
  grouper.flush();
  expect(held()).toBe(0);
});

describe("lines that belong together", () => {
  test("are one record, with the time of the first", () => {
    const { grouper, records } = makeGrouper();
    write(grouper, [
      [`start\n${TRACE.slice(0, 20)}`, 1],
      [TRACE.slice(20), 2],
      ["next\n", 3],
    ]);
    grouper.flush();
    expect(records).toEqual([
      { text: "start", at: 1 },
      { text: TRACE.trimEnd(), at: 1 },
      { text: "next", at: 3 },
    ]);
  });

  test("are given on when for so long no line follows, and not before", () => {
    const { grouper, texts, wakes } = makeGrouper();
    write(grouper, [[TRACE, 1_000_000]]);
    expect([texts(), wakes]).toEqual([[], [1_500_000]]);
    grouper.tick(1_499_999);
    expect([texts(), wakes]).toEqual([[], [1_500_000, 1_500_000]]);
    grouper.tick(1_500_000);
    expect(texts()).toEqual([TRACE.trimEnd()]);
    grouper.tick(3_000_000);
    expect(wakes).toHaveLength(2);
  });

  test("are not more than the policy says", () => {
    const few = makeGrouper({ lines: 2 });
    write(few.grouper, [
      [TRACE, 1],
      [" c\n", 2],
    ]);
    few.grouper.flush();
    expect(few.texts()).toEqual(["Error: no\n    at a", "    at b\n c"]);
    const small = makeGrouper({ bytes: 19 });
    write(small.grouper, [[TRACE, 1]]);
    small.grouper.flush();
    expect(small.texts()).toEqual(["Error: no\n    at a", "    at b"]);
  });

  test("leave a line alone that is too long for one block", () => {
    const { grouper, texts } = makeGrouper();
    write(
      grouper,
      [
        ["a\n b\n", 1],
        ["x".repeat(30), 1],
        ["x".repeat(30), 1],
        [" \n y\nz\n", 1],
      ],
      40,
    );
    grouper.flush();
    expect(texts()).toEqual(["a\n b", "x".repeat(40), `${"x".repeat(20)} `, " y", "z"]);
  });

  test("are the same however the stream was cut", () => {
    const line = fc.constantFrom("a", "", " b", "\tc", "é", " é", "long but not too long");
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(line), sizes, fc.integer({ min: 2, max: 5 }), (lines, cuts, most) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(""));
        const pieces: [Uint8Array, number][] = [];
        for (let from = 0, turn = 0; from < bytes.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1;
          pieces.push([bytes.subarray(from, from + size), 1]);
          from += size;
        }
        const { grouper, texts } = makeGrouper({ lines: most });
        write(grouper, pieces);
        grouper.flush();
        expect(texts()).toEqual(expectedOf(lines, most));
      }),
    );
  });
});

function expectedOf(lines: readonly string[], most: number): string[] {
  const records: string[][] = [];
  for (const line of lines) {
    const last = records.at(-1);
    if (last === undefined || /^\S/u.test(line) || last.length >= most) records.push([line]);
    else last.push(line);
  }
  return records.map((record) => record.join("\n"));
}
