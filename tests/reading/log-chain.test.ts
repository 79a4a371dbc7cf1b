import { expect, test } from "bun:test";
import fc from "fast-check";
import { type ChainFile, fileAfterMoves } from "../../src/reading/log-chain.ts";

/** The files of a log, the newest first: each has a content, a time that several may share, and perhaps it is compressed. */
function filesOf(contents: readonly number[], compressed: ReadonlySet<number>): readonly ChainFile[] {
  return contents.map((content) => {
    const compression = compressed.has(content) ? "zstd" : null;
    const identity = `${content} ${compression}`;
    const look = { size: 1, changedAt: Math.floor(content / 3) * 10, bornAt: 0, identity };
    return { path: identity, compression, look, limit: 1 };
  });
}

test("a file is found again after any rotations, compressions and removals, and never taken for another", () => {
  const given = fc.record({
    count: fc.integer({ min: 1, max: 12 }),
    rotations: fc.nat(5),
    removed: fc.nat(12),
    compressed: fc.uniqueArray(fc.nat(20)),
    later: fc.uniqueArray(fc.nat(20)),
    wanted: fc.nat(11),
  });
  fc.assert(
    fc.property(given, ({ count, rotations, removed, compressed, later, wanted }) => {
      const contents = Array.from({ length: count }, (_, index) => count - 1 - index);
      const news = Array.from({ length: rotations }, (_, index) => count + rotations - 1 - index);
      const before = filesOf(contents, new Set(compressed));
      const kept = [...news, ...contents].slice(0, Math.max(rotations + 1, count + rotations - removed));
      const now = filesOf(kept, new Set([...compressed, ...later]));
      const file = before[wanted % count];
      if (file === undefined) return;
      const found = fileAfterMoves(file, before, now);
      const content = contents[wanted % count] ?? -1;
      // Where all that is left might be another one by its time, nothing is better than something wrong.
      if (found !== null) expect(found.path.split(" ")[0]).toBe(String(content));
      const isKept = kept.includes(content);
      const isSure = before.some(({ look }) => now.some((each) => each.look.identity === look.identity));
      if (isKept && isSure) expect(found).not.toBe(null);
    }),
    { numRuns: 2_000 },
  );
});
