const PASSED = /^\((?:pass|skip)\) .*\n/gm;
// The runner lists what was skipped and what failed a second time at its end.
const SUMMARY = /^(?=\d+ tests? (?:skipped|failed):$)/m;

// What tells most of a failure: the error, its values, the place in the test.
const REASON = /^(?:\(fail\) |\w*[Ee]rror: |\s*code: |Expected|Received|\s+at .*\.test\.ts:\d)/;
const MOST_CHARACTERS = 200;

/**
 * What `bun test --parallel` says of failed tests: first the name and the error of each, then the parts of its output that show why, and
 * nothing of what passed. Names and errors come first, as a long output is often cut. A part is what stands below one
 * "tests/FILE:" line; the runner repeats that line whenever its processes take turns. A run that failed without a failed
 * test (it crashed, it found no tests) is shown whole, as nobody knows where it says why.
 */
export function renderTestFailures(output: string): string {
  const [body = ""] = output.split(SUMMARY);
  const parts = body.split(/^(?=\S+\.test\.ts:$)/m).map((part) => part.replace(PASSED, "").trimEnd());
  const telling = parts.filter((part) => /^(?:\(fail\)|error|panic)/m.test(part));
  if (telling.length === 0) return output.replace(PASSED, "").trimEnd();
  return [...telling.flatMap(summaryOf), "", ...telling].join("\n");
}

function summaryOf(part: string): readonly string[] {
  const [file = ""] = part.split(":\n", 1);
  return part
    .split("\n")
    .filter((line) => REASON.test(line))
    .map((line) => (line.startsWith("(fail)") ? `${file} ${line}` : `  ${line.trim()}`).slice(0, MOST_CHARACTERS));
}
