import { describe, expect, test } from "bun:test";
import { writeSync } from "node:fs";
import { MOST_MATCHED } from "../../src/log/expectation.ts";
import { LINE_LIMIT } from "../../src/log/line-framer.ts";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { PlaneHarness, POLICY } from "./plane-harness.ts";

/** Opens a run with a pipe for stdout, and one for stderr, and gives the ends to write to. */
function openRun(harness: PlaneHarness, run: number, service: string) {
  const [stdout, stderr] = [harness.pipe(), harness.pipe()];
  harness.plane.open({ run, service, pid: 1000 + run }, [
    { fd: stdout.read, stream: "stdout" },
    { fd: stderr.read, stream: "stderr" },
  ]);
  const close = (): void => [stdout.write, stderr.write].forEach(closeDescriptor);
  return { stdout: stdout.write, stderr: stderr.write, close };
}

/** Expects the pattern of the service; says how often it has matched. */
function expectOf(harness: PlaneHarness, service: string, pattern: string) {
  const met = Promise.withResolvers<void>();
  const outcome = { count: 0, met: met.promise, cancel: () => {} };
  outcome.cancel = harness.plane.expect(service, pattern, () => {
    outcome.count++;
    met.resolve();
  });
  return outcome;
}

/** Writes the text to a run, and counts what has matched once all of it has been read. */
async function countAfter(pattern: string, ...texts: readonly string[]): Promise<number> {
  await using harness = new PlaneHarness();
  const expected = expectOf(harness, "a", pattern);
  const run = openRun(harness, 1, "a");
  // A pipe that is full is read only once the Worker has begun.
  await harness.plane.flush();
  for (const text of texts) {
    writeSync(run.stdout, text);
    await harness.plane.drain(1);
  }
  run.close();
  return expected.count;
}

describe("an expected line", () => {
  test.each([
    ["listening on [0-9]+", "starting\nlistening on 8080\nmore\n"],
    ["^ready$", "not ready\nready\n"],
    ["^ready$", "ready\r\n"],
    ["ready", "it ends without a newline, but is ready"],
    ["^\\p{Lu}", "small\nÄnderung\n"],
    ["^$", "something\n\n"],
  ])("that is to match %j is found in %j", async (pattern, text) => expect(await countAfter(pattern, text)).toBe(1));

  test.each([
    ["^ready$", "ready now\nnot ready\n"],
    ["ab", "a\nb\n"],
    ["^b", "ab\n"],
  ])("that is to match %j is not found in %j", async (pattern, text) =>
    expect(await countAfter(pattern, text)).toBe(0),
  );

  test("is told once, however many lines match", async () => {
    expect(await countAfter("ready", "ready\nready\n", "ready\n")).toBe(1);
  });

  test("is found in what is written to stderr, with the lines going where they go anyway", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", POLICY, harness.file("a.log"));
    const expected = expectOf(harness, "a", "ready");
    const run = openRun(harness, 1, "a");
    writeSync(run.stderr, "ready\n");
    await expected.met;
    await harness.plane.flush();
    expect(await Bun.file(harness.file("a.log")).text()).toBe("ready\n");
    run.close();
  });

  test("of a service that writes as fast as it can is not missed", async () => {
    await using harness = new PlaneHarness();
    const expected = expectOf(harness, "a", "^now$");
    const run = openRun(harness, 1, "a");
    const writer = Bun.spawn(["sh", "-c", "yes | head -c 50000000; echo now; yes | head -c 1000000"], {
      stdout: run.stdout,
    });
    run.close();
    await expected.met;
    expect(await writer.exited).toBe(0);
  });

  test("is looked for only at the beginning of a very long line", async () => {
    const long = "x".repeat(MOST_MATCHED);
    expect(await countAfter("ready", `${long}ready\n`)).toBe(0);
    expect(await countAfter("ready", `ready${long}\n`)).toBe(1);
    expect(await countAfter("^b", `${"a".repeat(LINE_LIMIT)}b\n`)).toBe(0);
  });
});

describe("what is expected", () => {
  test("of the next run is not found in what an earlier run still writes", async () => {
    await using harness = new PlaneHarness();
    const before = openRun(harness, 1, "a");
    const expected = expectOf(harness, "a", "ready");
    const run = openRun(harness, 2, "a");
    writeSync(before.stdout, "ready\n");
    await harness.plane.drain(1);
    expect(expected.count).toBe(0);
    writeSync(run.stdout, "ready\n");
    await expected.met;
    before.close();
    run.close();
  });

  test("of a run is not found in what runs beside it, or in another service", async () => {
    await using harness = new PlaneHarness();
    const expected = expectOf(harness, "a", "ready");
    const run = openRun(harness, 1, "a");
    const others = [openRun(harness, 2, "a"), openRun(harness, 3, "b")];
    for (const other of others) writeSync(other.stdout, "ready\n");
    await harness.plane.drain(2);
    await harness.plane.drain(3);
    expect(expected.count).toBe(0);
    for (const { close } of [run, ...others]) close();
  });

  test("is not told any more once it is called off", async () => {
    await using harness = new PlaneHarness();
    const expected = expectOf(harness, "a", "ready");
    const run = openRun(harness, 1, "a");
    expected.cancel();
    writeSync(run.stdout, "ready\n");
    await harness.plane.drain(1);
    expect(expected.count).toBe(0);
    run.close();
  });

  test.each(["before its run begins", "while its run is at work"])(
    "survives the death of the Worker %s",
    async (when) => {
      await using harness = new PlaneHarness();
      const isBefore = when === "before its run begins";
      const expected = expectOf(harness, "a", "ready");
      const early = isBefore ? null : openRun(harness, 1, "a");
      await harness.plane.flush();
      harness.killWorker();
      await harness.until(() => harness.problems.length > 0);
      const run = early ?? openRun(harness, 1, "a");
      writeSync(run.stdout, "ready\n");
      await expected.met;
      run.close();
    },
  );

  test("may be met only once, even if the Worker dies after that", async () => {
    await using harness = new PlaneHarness();
    const expected = expectOf(harness, "a", "ready");
    const run = openRun(harness, 1, "a");
    writeSync(run.stdout, "ready\n");
    await expected.met;
    harness.killWorker();
    await harness.until(() => harness.problems.length > 0);
    writeSync(run.stdout, "ready\n");
    await harness.plane.drain(1);
    expect(expected.count).toBe(1);
    run.close();
  });

  test("that is no pattern costs a report and nothing else", async () => {
    await using harness = new PlaneHarness();
    harness.plane.expect("a", "(", () => {});
    await harness.until(() => harness.problems.length > 0);
    expect(harness.problems[0]?.message).toContain("cannot handle a message");
  });
});
