import { describe, expect, test } from "bun:test";
import { renderTestFailures } from "../../tools/test-failures.ts";

const OUTPUT = `bun test v1.4.5 (a7733435c) 2x PARALLEL

tests/one.test.ts:
(pass) one > holds [1.00ms]

tests/two.test.ts:
(skip) two > not here

tests/one.test.ts:
(pass) one > holds too [1.00ms]
4 | expect(1).toBe(2);
error: expect(received).toBe(expected)

Expected: 2
Received: 1

      at <anonymous> (/tests/one.test.ts:4:11)
(fail) one > does not hold [2.00ms]

tests/two.test.ts:
1500 runs, 137384 steps
(pass) two > holds [1.00ms]

tests/three.test.ts:
(fail) three > hangs [30000.13ms]
  ^ this test timed out after 30000ms.

1 tests skipped:
(skip) two > not here

2 tests failed:
(fail) one > does not hold [2.00ms]
(fail) three > hangs [30000.13ms]

 3 pass
 2 fail
Ran 5 tests across 3 files. [1.00s]
`;

/** What is said first of one failed test that has put out these lines. */
function summaryOf(lines: readonly string[]): readonly string[] {
  const output = ["bun test", "", "tests/one.test.ts:", "4 | code();", ...lines, "(fail) one", ""].join("\n");
  return renderTestFailures(output).split("\n\n")[0]?.split("\n") ?? [];
}

describe("what is shown of failed tests", () => {
  test("is the error, the file and the name of each, then what was said of it, and nothing else", () => {
    expect(renderTestFailures(OUTPUT)).toBe(`  error: expect(received).toBe(expected)
  Expected: 2
  Received: 1
  at <anonymous> (/tests/one.test.ts:4:11)
tests/one.test.ts (fail) one > does not hold [2.00ms]
tests/three.test.ts (fail) three > hangs [30000.13ms]

tests/one.test.ts:
4 | expect(1).toBe(2);
error: expect(received).toBe(expected)

Expected: 2
Received: 1

      at <anonymous> (/tests/one.test.ts:4:11)
(fail) one > does not hold [2.00ms]
tests/three.test.ts:
(fail) three > hangs [30000.13ms]
  ^ this test timed out after 30000ms.`);
  });

  test("has each line of a message that somebody has thrown, as far as there is room", () => {
    const problems = Array.from({ length: 20 }, (_, index) => `red: problem ${index}`);
    const shown = summaryOf([
      `error: ${problems.slice(0, 2).join("\n")}`,
      "",
      "",
      "of two",
      "      at <anonymous> (/tests/one.test.ts:4:11)",
    ]);
    expect(shown).toEqual([
      "  error: red: problem 0",
      "  red: problem 1",
      "  of two",
      "  at <anonymous> (/tests/one.test.ts:4:11)",
      "tests/one.test.ts (fail) one",
    ]);
    const many = summaryOf([`error: ${problems.join("\n")}`, "      at <anonymous> (/tests/one.test.ts:4:11)"]);
    expect(many).toHaveLength(12);
    expect(many.slice(8)).toEqual([
      "  red: problem 8",
      "  (11 more lines)",
      "  at <anonymous> (/tests/one.test.ts:4:11)",
      "tests/one.test.ts (fail) one",
    ]);
  });

  test("has what two values do not have in common", () => {
    const comparison = [
      "error: expect(received).toEqual(expected)",
      "",
      "  {",
      '-   "a": 2,',
      '+   "a": 1,',
      '    "b": 3,',
      "  }",
    ];
    const counts = ["", "- Expected  - 1", "+ Received  + 1", "", "      at <anonymous> (/tests/one.test.ts:4:11)"];
    expect(summaryOf([...comparison, ...counts])).toEqual([
      "  error: expect(received).toEqual(expected)",
      '  -   "a": 2,',
      '  +   "a": 1,',
      "  at <anonymous> (/tests/one.test.ts:4:11)",
      "tests/one.test.ts (fail) one",
    ]);
  });

  test("is the whole output of a run that failed without a failed test, but for what passed", () => {
    expect(renderTestFailures("bun test\n\ntests/one.test.ts:\n(pass) one [1.00ms]\nSegmentation fault\n")).toBe(
      "bun test\n\ntests/one.test.ts:\nSegmentation fault",
    );
  });
});
