import { describe, expect, test } from "bun:test";
import { parseTestCounts, renderTestCounts } from "../../tools/test-counts.ts";

const SUMMARY = [
  "(pass) a test that prints what a summary looks like",
  " 99 pass",
  "",
  " 12 pass",
  " 2 skip",
  " 1 todo",
  " 3 fail",
  " 1 error",
  " 40 expect() calls",
  "Ran 18 tests across 3 files. [1.20s]",
  "",
].join("\n");

describe("the counts of a test run", () => {
  test("are those of the summary at its end, where what is to do counts as skipped", () => {
    expect(parseTestCounts(SUMMARY)).toEqual({ passed: 12, failed: 3, skipped: 3 });
  });

  test("are zero for what the summary leaves out", () => {
    expect(parseTestCounts(" 1 pass\n 0 fail\nRan 1 test across 1 file. [15.00ms]\n")).toEqual({
      passed: 1,
      failed: 0,
      skipped: 0,
    });
  });

  test("are unknown when the run did not come to its end", () => {
    expect(parseTestCounts("(pass) one\n 1 pass\n")).toBeNull();
  });

  test("are shown in one line that names skipped tests only if there are any", () => {
    expect(renderTestCounts({ passed: 7, failed: 0, skipped: 0 })).toBe("7 passed, 0 failed");
    expect(renderTestCounts({ passed: 7, failed: 1, skipped: 2 })).toBe("7 passed, 1 failed, 2 skipped");
  });
});
