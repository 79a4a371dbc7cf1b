const PASSED = /^\((?:pass|skip)\) .*\n/gm;
// The runner lists what was skipped and what failed a second time at its end.
const SUMMARY = /^(?=\d+ tests? (?:skipped|failed):$)/m;

// What tells most of a failure: the error, its values, the place in the test.
const REASON = /^(?:\(fail\) |\w*[Ee]rror: |\s*code: |Expected|Received|\s+at .*\.test\.ts:\d)/;
const ERROR = /^\w*[Ee]rror: /;
/** Its message is of the runner's making: what it compares stands in lines of its own. */
const COMPARISON = /^error: expect\(/;
const DIFFERENCE = /^[-+] (?! *(?:Expected|Received) )/;
const TRACE = /^\s+at /;
/** Of each test, with its name. */
const MOST_LINES = 12;
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
    .split(/(?<=^\(fail\) .*)\n/m)
    .flatMap((test) => shortened(reasonsOf(test)))
    .map((line) => (line.startsWith("(fail)") ? `${file} ${line}` : `  ${line.trim()}`).slice(0, MOST_CHARACTERS));
}

/** All lines of the message of an error that was thrown, and those that two values do not have in common. */
function reasonsOf(test: string): readonly string[] {
  let within: "message" | "values" | null = null;
  return test.split("\n").filter((line) => {
    if (ERROR.test(line)) within = COMPARISON.test(line) ? "values" : "message";
    else if (TRACE.test(line)) within = null;
    if (REASON.test(line)) return true;
    return within === "values" ? DIFFERENCE.test(line) : within === "message" && line.trim() !== "";
  });
}

/** The last ones are the place and the name. */
function shortened(lines: readonly string[]): readonly string[] {
  const more = lines.length - MOST_LINES;
  if (more <= 0) return lines;
  const end = lines.slice(-2);
  return [...lines.slice(0, MOST_LINES - 3), `(${more + 1} more lines)`, ...end];
}
