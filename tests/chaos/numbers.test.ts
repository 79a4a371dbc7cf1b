import { expect, test } from "bun:test";
import { Numbers } from "./numbers.ts";

const RUN = "0123456789abcdef0123456789abcdef";
const line = (number: number, stream = "o"): string => `2026-11-22T16:44:15.000Z web ${RUN} ${stream} ${number}`;

/** What is wrong with these lines. */
function problemsOf(...lines: readonly string[]): readonly string[] {
  const numbers = new Numbers();
  return lines.map((one) => numbers.hear(one)).filter((problem) => problem !== null);
}

test("each number once and in order is as it should be, for each stream of each run", () => {
  expect(problemsOf(line(1), line(1, "e"), line(2), "2026-11-22T16:44:15.000Z ready now", line(3))).toEqual([]);
});

test.each([
  ["one that is missing", [line(1), line(3)]],
  ["one that comes twice", [line(1), line(2), line(2)]],
  ["one that comes late", [line(1), line(3), line(2)]],
  ["two that became one", [`${line(1)}${line(2)}`, line(3)]],
  ["one of which the end is missing", [`2026-11-22T16:44:15.000Z web ${RUN} `, line(1)]],
])("notices %s", (_, lines) => {
  expect(problemsOf(...lines)).not.toEqual([]);
});

test.each([
  ["repeat", { mayRepeat: true, mayLack: false, fine: [1, 2, 3, 2, 3, 4], wrong: [1, 3] }],
  ["lack", { mayRepeat: false, mayLack: true, fine: [1, 4, 5], wrong: [1, 1] }],
])("lets lines %s where they may, and nothing else", (_, { fine, wrong, ...leniency }) => {
  const problems = (found: readonly number[]): readonly string[] => {
    const numbers = new Numbers();
    return found.map((one) => numbers.hear(line(one), leniency)).filter((problem) => problem !== null);
  };
  expect(problems(fine)).toEqual([]);
  expect(problems(wrong)).toHaveLength(1);
});

test("knows how far it has come, until it is told to forget", () => {
  const numbers = new Numbers();
  const key = Numbers.keyOf("web", RUN, "o");
  for (const number of [1, 2, 3]) numbers.hear(line(number));
  expect(numbers.last(key)).toBe(3);
  numbers.forget(key);
  expect(numbers.last(key)).toBe(0);
});
