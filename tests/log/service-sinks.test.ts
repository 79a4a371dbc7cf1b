import { expect, test } from "bun:test";
import { readFileSync, writeSync } from "node:fs";
import { EVERY_LINE } from "../../src/core/log-policy.ts";
import { millis } from "../../src/core/units.ts";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { fileSink, PlaneHarness, policyOf } from "./plane-harness.ts";

/** Opens a run with a pipe for each stream, writes to both, and ends them. */
async function say(harness: PlaneHarness, text: { readonly stdout: string; readonly stderr: string }): Promise<void> {
  const out = harness.pipe();
  const err = harness.pipe();
  harness.plane.open({ run: 1, service: "web", pid: 7 }, [
    { fd: out.read, stream: "stdout" },
    { fd: err.read, stream: "stderr" },
  ]);
  writeSync(out.write, text.stdout);
  writeSync(err.write, text.stderr);
  closeDescriptor(out.write);
  closeDescriptor(err.write);
  await harness.until(() => harness.closed.has(out.read) && harness.closed.has(err.read));
}

test("each stream goes to its own sinks, and each sink takes what its filter lets through", async () => {
  await using harness = new PlaneHarness();
  const errors = { ...EVERY_LINE, priority: "err" } as const;
  const policy = policyOf([
    fileSink({ streams: ["stdout"] }),
    fileSink({ streams: ["stderr"], path: harness.file("web.err") }),
    fileSink({ name: "errors", path: harness.file("errors.log"), filter: errors, format: "json" }),
  ]);
  harness.plane.configure("web", policy, harness.file("web.log"));
  await say(harness, { stdout: "fine\n<3>not fine\n", stderr: "broken\n<6>by the way\n" });
  expect(readFileSync(harness.file("web.log"), "utf8")).toBe("fine\n<3>not fine\n");
  expect(readFileSync(harness.file("web.err"), "utf8")).toBe("broken\n<6>by the way\n");
  const records = readFileSync(harness.file("errors.log"), "utf8").trim().split("\n");
  expect(records.map((record) => (JSON.parse(record) as { message: string }).message).sort()).toEqual([
    "broken",
    "not fine",
  ]);
  // Where no file holds everything, the last lines are kept in memory.
  expect((await harness.plane.tail("web", 10)).map(({ text }) => text).sort()).toEqual(
    ["fine", "<3>not fine", "broken", "<6>by the way"].sort(),
  );
});

test("both streams may share a file behind different filters", async () => {
  await using harness = new PlaneHarness();
  const policy = policyOf([
    fileSink({ streams: ["stdout"], filter: { ...EVERY_LINE, exclude: ["^noise"] } }),
    fileSink({ streams: ["stderr"] }),
  ]);
  harness.plane.configure("web", policy, harness.file("web.log"));
  await say(harness, { stdout: "noise\nword\n", stderr: "noise of another kind\n" });
  expect(readFileSync(harness.file("web.log"), "utf8").split("\n").sort()).toEqual(
    ["", "noise of another kind", "word"].sort(),
  );
});

test("what a rate has left out is said when its time is over, though nothing more is written", async () => {
  await using harness = new PlaneHarness();
  const filter = { ...EVERY_LINE, rate: { lines: 1, per: millis(1) } };
  harness.plane.configure("web", policyOf([fileSink({ filter })]), harness.file("web.log"));
  await say(harness, { stdout: "1\n2\n3\n", stderr: "" });
  const said = (): string => readFileSync(harness.file("web.log"), "utf8");
  // Nobody is told when the Worker wakes by itself.
  while (said().split("\n").length < 3) await harness.plane.flush();
  expect(said()).toMatch(/^1\n\[2 lines were left out here: more than 1 in 0\.001s\]\n$/);
});

test("lines that belong together are one record in JSON and for a filter, and stay as they are in a plain file", async () => {
  await using harness = new PlaneHarness();
  const traces = { ...EVERY_LINE, include: ["at deep"] };
  const sinks = [
    fileSink(),
    fileSink({ name: "json", path: harness.file("web.json"), format: "json" }),
    fileSink({ name: "traces", path: harness.file("traces.log"), filter: traces }),
  ];
  const multiline = { start: "^\\S", lines: 100, bytes: 10_000, within: millis(60_000) };
  const policy = policyOf(sinks, { multiline: { stdout: multiline, stderr: null } });
  harness.plane.configure("web", policy, harness.file("web.log"));
  await say(harness, { stdout: "one\nError: x\n  at deep\ntwo\n", stderr: "a\n at deep\n" });
  await harness.plane.flush();
  expect(readFileSync(harness.file("web.log"), "utf8").split("\n").sort()).toEqual(
    ["", "one", "Error: x", "  at deep", "two", "a", " at deep"].sort(),
  );
  const records = readFileSync(harness.file("web.json"), "utf8").trim().split("\n");
  expect(records.map((record) => (JSON.parse(record) as { message: string }).message).sort()).toEqual(
    ["one", "Error: x\n  at deep", "two", "a", " at deep"].sort(),
  );
  expect(readFileSync(harness.file("traces.log"), "utf8").split("\n").sort()).toEqual(
    ["", "Error: x", "  at deep", " at deep"].sort(),
  );
});

test("a sink that is taken out of the policy is closed, and one that stays goes on", async () => {
  await using harness = new PlaneHarness();
  const both = policyOf([fileSink(), fileSink({ name: "copy", path: harness.file("copy.log") })]);
  harness.plane.configure("web", both, harness.file("web.log"));
  await say(harness, { stdout: "1\n", stderr: "" });
  harness.plane.configure("web", policyOf([fileSink()]), harness.file("web.log"));
  await say(harness, { stdout: "2\n", stderr: "" });
  expect(readFileSync(harness.file("web.log"), "utf8")).toBe("1\n2\n");
  expect(readFileSync(harness.file("copy.log"), "utf8")).toBe("1\n");
});
