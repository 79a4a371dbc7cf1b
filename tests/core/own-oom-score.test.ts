import { expect, test } from "bun:test";
import { ownOomScoreOf } from "../../src/core/own-oom-score.ts";

const SCORES: readonly (readonly [Parameters<typeof ownOomScoreOf>[0], usual: number, wanted: number | null])[] = [
  ["guardian", 0, -1_000],
  ["guardian", 1_000, -1_000],
  ["guardian", -900, -1_000],
  ["guardian", -999, -1_000],
  ["guardian", -1_000, null],
  ["supervisor", 0, -900],
  ["supervisor", 300, -900],
  ["supervisor", -899, -900],
  ["supervisor", -900, null],
  ["supervisor", -1_000, null],
];

test.each(SCORES)("a %s whose oom score is %p is to have %p", (process, usual, wanted) => {
  expect(ownOomScoreOf(process, usual)).toBe(wanted);
});
