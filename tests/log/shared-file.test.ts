/* Several services may write one file: each line is whole and there once, whatever happens meanwhile. */
import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, statSync, mkdirSync, writeSync } from "node:fs";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { fileSink, PlaneHarness, policyOf } from "./plane-harness.ts";

const NAMES = ["one", "two", "three"] as const;
const LAST = 60_000;
const MOST_DEATHS = 15;
const MAX_SIZE = 50_000;
const LONGEST_LINE = 9_100;
/** After so many milliseconds as many deaths have to do as there were. */
const LONG_ENOUGH_MS = 20_000;

/** Numbered lines of many lengths, written in stretches that cut them. */
function writerOf(name: string): string {
  return `awk 'BEGIN { for (pad = "x"; length(pad) < 9000;) pad = pad pad; for (i = 1; i <= ${LAST}; i++)
    print "${name}", i, substr(pad, 1, i % 5000 == 0 ? 9000 : i % 60) "." }' | dd bs=5000 status=none`;
}

function rotatedSizesOf(file: string): readonly number[] {
  const sizes: number[] = [];
  for (let size; (size = statSync(`${file}.${sizes.length + 1}`, { throwIfNoEntry: false })?.size) !== undefined;)
    sizes.push(size);
  return sizes;
}

function linesIn(file: string): readonly string[] {
  const text = rotatedSizesOf(file)
    .map((_, index) => readFileSync(`${file}.${index + 1}`, "utf8"))
    .toReversed();
  const lines = (text.join("") + readFileSync(file, "utf8")).split("\n");
  expect(lines.pop()).toBe("");
  return lines;
}

function expectEachOnce(lines: readonly string[]): void {
  const next = new Map<string, number>(NAMES.map((name) => [name, 1]));
  for (const line of lines) {
    const [, name = "", number = ""] = /^([a-z]+) (\d+) x*\.$/.exec(line) ?? [];
    // Not one expectation a line: there are many.
    if (Number(number) !== next.get(name)) expect(line).toBe(`the line ${next.get(name)} of "${name}"`);
    next.set(name, Number(number) + 1);
  }
  expect([...next.values()]).toEqual(NAMES.map(() => LAST + 1));
}

/** Ends after this many turns of the event loop: a moment that nothing else depends on. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => void setImmediate(resolve));
}

for (const most of [0, MOST_DEATHS]) {
  const meanwhile = most === 0 ? "many rotations" : "many rotations and deaths of the Worker";
  test(`the lines of three services in one file are whole and there once, through ${meanwhile}`, async () => {
    let time = 0;
    // Every life is a long one, so that the next Worker begins soon.
    await using harness = new PlaneHarness(() => (time += 60_000));
    const { plane } = harness;
    const file = harness.file("shared.log");
    const policy = policyOf([fileSink({ path: file, maxSize: MAX_SIZE, keep: 10_000 })]);
    const writers = NAMES.map((service, index) => {
      const pipe = harness.pipe();
      plane.configure(service, policy, harness.file(`${service}.log`));
      plane.open({ run: index + 1, service, pid: 10 + index }, [{ fd: pipe.read, stream: "stdout" }]);
      const writer = Bun.spawn(["sh", "-c", writerOf(service)], { stdout: pipe.write, stderr: "inherit" });
      closeDescriptor(pipe.write);
      return { writer, fd: pipe.read };
    });
    const isOver = (): boolean => writers.every(({ fd }) => harness.closed.has(fd));
    const end = performance.now() + LONG_ENOUGH_MS;
    for (let deaths = 0; deaths < most && performance.now() < end && !isOver(); deaths++) {
      await turns(Math.floor(Math.random() * 400));
      const seen = harness.problems.length;
      harness.killWorker();
      await harness.until(() => harness.problems.length > seen || isOver());
      // The next is to get something done.
      const size = statSync(file, { throwIfNoEntry: false })?.size;
      while (!isOver() && statSync(file, { throwIfNoEntry: false })?.size === size) await turns(1);
    }
    await harness.until(isOver);
    for (const { writer } of writers) await writer.exited;
    expectEachOnce(linesIn(file));
    const sizes = rotatedSizesOf(file);
    expect(sizes.length).toBeGreaterThan(100);
    // A rotation that was under way at a death may have left a shorter one.
    if (most === 0) expect(sizes.filter((size) => size > MAX_SIZE || size < MAX_SIZE - LONGEST_LINE)).toEqual([]);
  }, 60_000);
}

/** Lets a run of a service write its text and end. */
async function say(harness: PlaneHarness, { run, service }: { run: number; service: string }, text: string) {
  const { read, write } = harness.pipe();
  harness.plane.open({ run, service, pid: run }, [{ fd: read, stream: "stdout" }]);
  writeSync(write, text);
  closeDescriptor(write);
  await harness.plane.drain(run);
}

describe("a file of several services", () => {
  test("has the lines of each in its own format, and goes on when one of them leaves", async () => {
    await using harness = new PlaneHarness();
    const { plane } = harness;
    const file = harness.file("shared.log");
    const standard = harness.file("standard.log");
    plane.configure("bare", policyOf([fileSink({ path: file })]), standard);
    plane.configure("json", policyOf([fileSink({ path: file, format: "json" })]), standard);
    await say(harness, { run: 1, service: "bare" }, "first\n");
    await say(harness, { run: 2, service: "json" }, "second\n");
    plane.configure("bare", policyOf([]), standard);
    await say(harness, { run: 3, service: "bare" }, "elsewhere\n");
    await say(harness, { run: 4, service: "json" }, "third\n");
    const [first, ...others] = linesIn(file);
    expect(first).toBe("first");
    expect(others.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { service: "json", message: "second" },
      { service: "json", message: "third" },
    ]);
  });

  test("lets the last words of each be its own", async () => {
    await using harness = new PlaneHarness();
    const policy = policyOf([fileSink({ path: harness.file("shared.log") })]);
    for (const service of ["one", "two"]) harness.plane.configure(service, policy, harness.file("standard.log"));
    await say(harness, { run: 1, service: "one" }, "mine\n");
    await say(harness, { run: 2, service: "two" }, "theirs\n");
    const words = await harness.plane.lastWords({ service: "one", run: 1 }, 50);
    expect(words.map(({ text }) => text)).toEqual(["mine"]);
  });

  test("that refuses lines has them later, in their formats, also of a service that has left", async () => {
    await using harness = new PlaneHarness();
    const { plane } = harness;
    const file = harness.file("later/shared.log");
    const standard = harness.file("standard.log");
    plane.configure("bare", policyOf([fileSink({ path: file })]), standard);
    plane.configure("json", policyOf([fileSink({ path: file, format: "json" })]), standard);
    await say(harness, { run: 1, service: "json" }, "early\n");
    await say(harness, { run: 2, service: "bare" }, "bare\n");
    plane.configure("json", policyOf([]), standard);
    await plane.reached();
    mkdirSync(harness.file("later"));
    plane.reopen();
    await plane.flush();
    const [early = "", bare] = linesIn(file);
    expect(JSON.parse(early)).toMatchObject({ service: "json", message: "early" });
    expect(bare).toBe("bare");
    expect(harness.problems.map(({ service, recovered }) => ({ service, recovered }))).toEqual([
      { service: null, recovered: false },
      { service: "bare", recovered: true },
    ]);
    rmSync(file);
  });
});
