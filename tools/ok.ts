// The gate: what people run before a commit, and what CI runs. Every stage runs, whatever became of the one before.
import { bun, runQuietly, type Outcome } from "./run-command.ts";
import { parseTestCounts, renderTestCounts, type TestCounts } from "./test-counts.ts";
import { renderTestFailures } from "./test-failures.ts";
import { requireToolchain } from "./toolchain.ts";

/** In milliseconds, for a single test: it ends one that hangs. Tests wait for events and not for time. */
const TEST_TIMEOUT = "30000";

const CHECKS = [
  { name: "format", command: bun("fmt", "--check") },
  { name: "types", command: bun("check") },
  { name: "lint", command: bun("run", "--bun", "oxlint", "--type-aware", "--deny-warnings") },
  { name: "dead code", command: bun("run", "--bun", "knip", "--treat-config-hints-as-errors") },
  { name: "build", command: bun("tools/build.ts") },
] as const;
// In processes of their own: a test that ends its process, or leaves something behind, shows, and spoils no other.
const TESTS = bun("test", "--parallel", "--timeout", TEST_TIMEOUT);

requireToolchain();
let isOk = true;
for (const { name, command } of CHECKS) {
  const outcome = await runStage(name, command);
  if (outcome.exitCode !== 0) isOk = false;
}
const tests = await runStage("tests", TESTS);
for (const line of skippedOf(tests)) console.log(`  ${line}`);
const counts = countsOf(tests);
if (counts.failed > 0) isOk = false;
console.log(isOk ? "all is well" : "not well: see above");
console.log(renderTestCounts(counts));
process.exit(isOk ? 0 : 1);

async function runStage(name: string, command: readonly string[]): Promise<Outcome> {
  const began = performance.now();
  const outcome = await runQuietly(command);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const isFine = outcome.exitCode === 0;
  console.log(`${isFine ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  if (!isFine) console.log(`${renderTestFailures(outcome.output)}\n`);
  return outcome;
}

// The runner names each a second time at its end.
function skippedOf({ output }: Outcome): Set<string> {
  return new Set(output.split("\n").filter((line) => line.startsWith("(skip) ")));
}

// A run that failed without a failed test (it crashed, it found no tests) is a failure all the same.
function countsOf({ exitCode, output }: Outcome): TestCounts {
  const counts = parseTestCounts(output) ?? { passed: 0, failed: 0, skipped: 0 };
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}
