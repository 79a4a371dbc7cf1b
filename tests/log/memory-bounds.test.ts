import { describe, expect, test } from "bun:test";
import { FollowFeed, MOST_IN_FLIGHT } from "../../src/log/follow-feed.ts";
import { LastLines, MOST_BYTES, MOST_LINES } from "../../src/log/last-lines.ts";
import type { Block } from "../../src/log/line-framer.ts";
import type { Source } from "../../src/log/source.ts";

const SOURCE: Source = { service: "web", pid: 7, stream: "stdout", at: 1_000_000, pipe: {} };

function blockOf(text: string, flags: Partial<Pick<Block, "continues" | "unfinished">> = {}): Block {
  // Not at the beginning of the buffer, as in life.
  const bytes = new TextEncoder().encode(`earlier\n${text}`);
  return { bytes, start: 8, end: bytes.length, continues: false, unfinished: false, ...flags };
}

function textsOf(last: LastLines): string[] {
  return last.lines.map((line) => Buffer.from(line.bytes).toString());
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`);
}

describe("the last lines in memory", () => {
  test("are the newest, in order, and those that made room are counted", () => {
    const last = new LastLines();
    last.add(blockOf(numbered(0, 3).join("")), SOURCE);
    expect(textsOf(last)).toEqual(numbered(0, 3));
    last.add(blockOf(numbered(3, 250).join("")), SOURCE);
    expect(textsOf(last)).toEqual(numbered(250 - MOST_LINES, 250));
    expect(last.takeDropped()).toBe(250 - MOST_LINES);
    expect(last.takeDropped()).toBe(0);
  });

  test("are bounded by bytes", () => {
    const last = new LastLines();
    for (let index = 0; index < 50; index++) last.add(blockOf(`${"x".repeat(3000)}\n`), SOURCE);
    const bytes = last.lines.reduce((sum, line) => sum + line.bytes.length, 0);
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
    expect(last.lines.length + last.takeDropped()).toBe(50);
  });

  test("show the beginning of a line that came in pieces", () => {
    const last = new LastLines();
    last.add(blockOf("x".repeat(10_000), { unfinished: true }), SOURCE);
    last.add(blockOf("y".repeat(10_000), { continues: true, unfinished: true }), SOURCE);
    last.add(blockOf("end\nnext\n", { continues: true }), SOURCE);
    expect(textsOf(last)).toEqual([`${"x".repeat(4096)} [...]\n`, "next\n"]);
    expect(last.takeDropped()).toBe(0);
  });

  test("that went elsewhere make room", () => {
    const last = new LastLines();
    last.add(blockOf(numbered(0, 5).join("")), SOURCE);
    last.removeFirst(2);
    expect(textsOf(last)).toEqual(numbered(2, 5));
  });
});

describe("a follower's feed", () => {
  test("says what is missing as soon as there is room again, though no further line comes", () => {
    const feed = new FollowFeed();
    const block = blockOf(`${"x".repeat(999)}\n`.repeat(1000));
    let batches = 0;
    for (let round = 0; round < 10; round++) {
      feed.add(block, SOURCE);
      if (feed.take().length > 0) batches++;
    }
    const handedOut = batches * 1000;
    const told: string[] = [];
    for (let batch = 0; batch < batches; batch++) {
      feed.acknowledge();
      told.push(...feed.take().map(({ text }) => text));
    }
    expect(told).toEqual([`[${10_000 - handedOut} lines are missing here: they came faster than they were read]`]);
  });

  test("is bounded while nothing is acknowledged, and says how many lines are missing", () => {
    const feed = new FollowFeed();
    const lines = 1000;
    const block = blockOf(`${"x".repeat(999)}\n`.repeat(lines));
    let handedOut = 0;
    let batches = 0;
    for (let round = 0; round < 100; round++) {
      feed.add(block, SOURCE);
      const taken = feed.take();
      handedOut += taken.length;
      if (taken.length > 0) batches++;
    }
    expect(handedOut * 1000).toBeLessThanOrEqual(MOST_IN_FLIGHT + lines * 1100);
    for (let batch = 0; batch < batches; batch++) feed.acknowledge();
    feed.add(blockOf("after\n"), SOURCE);
    expect(feed.take().map(({ text }) => text)).toEqual([
      `[${100 * lines - handedOut} lines are missing here: they came faster than they were read]`,
      "after",
    ]);
  });
});
