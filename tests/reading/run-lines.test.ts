import { expect, test } from "bun:test";
import fc from "fast-check";
import { isOfRun } from "../../src/reading/run-lines.ts";

test("of runs that follow one another, every line without a process belongs to exactly one", () => {
  const run = fc.record({ pause: fc.nat(100_000), length: fc.nat(100_000) });
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 6 }), fc.nat(1_000_000), (given, at) => {
      let time = 0;
      const runs = given.map(({ pause, length }, index) => {
        const began = time + pause;
        time = began + length;
        return { pid: index, began, ended: index === given.length - 1 ? null : time };
      });
      const owners = runs.filter((each, index) => {
        const [before, after] = [runs[index - 1], runs[index + 1]];
        const own = { ...each, endedBefore: before?.ended ?? null, nextBegan: after?.began ?? null };
        return isOfRun({ at, pid: null }, own);
      });
      expect(owners.length).toBe(at < (runs[0]?.began ?? 0) - 20_000 ? 0 : 1);
    }),
  );
});

test("a line that tells its process belongs to the run of that process, whenever it was written", () => {
  const run = { pid: 7, began: 1_000, endedBefore: null, ended: 2_000, nextBegan: 3_000 };
  expect(isOfRun({ at: 9_000, pid: 7 }, run)).toBe(true);
  expect(isOfRun({ at: 1_500, pid: 8 }, run)).toBe(false);
});
