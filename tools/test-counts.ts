export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Reads the summary that `bun test` writes at its end, lines like " 12 pass" before "Ran 14 tests across 3 files.".
 * Returns null when there is none: then it has not come to its end.
 */
export function parseTestCounts(output: string): TestCounts | null {
  const end = /^Ran \d+ tests? across \d+ files?\./m.exec(output);
  if (end === null) return null;
  const summary = output.slice(0, end.index);
  return {
    passed: countOf(summary, "pass"),
    failed: countOf(summary, "fail"),
    skipped: countOf(summary, "skip") + countOf(summary, "todo"),
  };
}

/** The last line of a run, for people and machines: "7 passed, 0 failed", and what was skipped if anything was. */
export function renderTestCounts(counts: TestCounts): string {
  const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}

// The last match: a test may print such a line itself.
function countOf(summary: string, word: string): number {
  const found = [...summary.matchAll(new RegExp(`^ *(\\d+) ${word}$`, "gm"))].at(-1);
  return Number(found?.[1] ?? 0);
}
