const PASSED = /^\((?:pass|skip)\) .*\n/gm;
// The runner lists what was skipped and what failed a second time at its end.
const SUMMARY = /^(?=\d+ tests? (?:skipped|failed):$)/m;

/**
 * What `bun test --parallel` says of failed tests: first the name of each, then the parts of its output that show why, and
 * nothing of what passed. The names come first, as a long output is often cut. A part is what stands below one
 * "tests/FILE:" line; the runner repeats that line whenever its processes take turns. A run that failed without a failed
 * test (it crashed, it found no tests) is shown whole, as nobody knows where it says why.
 */
export function renderTestFailures(output: string): string {
  const [body = ""] = output.split(SUMMARY);
  const parts = body.split(/^(?=\S+\.test\.ts:$)/m).map((part) => part.replace(PASSED, "").trimEnd());
  const telling = parts.filter((part) => /^(?:\(fail\)|error|panic)/m.test(part));
  const names = telling.flatMap((part) =>
    [...part.matchAll(/^\(fail\) .*$/gm)].map(([line]) => `${part.split(":\n", 1)[0]} ${line}`),
  );
  if (names.length === 0) return output.replace(PASSED, "").trimEnd();
  return [...names, "", ...telling].join("\n");
}
