/* Whoever writes the logs may die at any instant: no line is lost then, and none is written twice. */
import { expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { planePorts } from "../../src/daemon-plane.ts";
import { Compressors } from "../../src/log/compressors.ts";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { fileSink, PlaneHarness, policyOf } from "./plane-harness.ts";

const LAST = 400_000;
const MOST_DEATHS = 40;
const MAX_SIZE = 200_000;
/** Numbered lines of many lengths, some of them longer than what is read at a time, written in stretches that cut lines. */
const WRITER = `awk 'BEGIN { for (long = "x"; length(long) < 70000;) long = long long; for (i = 1; i <= ${LAST}; i++) {
  if (i % 40000 == 0) print i, long; else print i } }' | dd bs=5000 status=none`;

/** The numbers that the lines of a log begin with, the rotated files first. */
function numbersIn(file: string): number[] {
  const text: string[] = [];
  for (let index = 1; ; index++) {
    try {
      text.unshift(readFileSync(`${file}.${index}`, "utf8"));
    } catch {
      break;
    }
  }
  const lines = (text.join("") + readFileSync(file, "utf8")).split("\n");
  expect(lines.pop()).toBe("");
  return lines.map((line) => Number(line.split(" ")[0]));
}

function expectEachOnce(numbers: readonly number[]): void {
  expect(numbers.length).toBe(LAST);
  expect(numbers.every((number, index) => number === index + 1)).toBe(true);
}

/** Ends after this many turns of the event loop: a moment that nothing else depends on. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => void setImmediate(resolve));
}

test("a Worker that dies again and again loses no line and writes none twice", async () => {
  let time = 0;
  // Every life is a long one, so that the next Worker begins soon.
  await using harness = new PlaneHarness(() => (time += 60_000));
  const pipe = harness.pipe();
  const file = harness.file("a.log");
  harness.plane.configure("a", policyOf([fileSink({ maxSize: MAX_SIZE, keep: 10_000 })]), file);
  harness.plane.open({ run: 1, service: "a", pid: 10 }, [{ fd: pipe.read, stream: "stdout" }]);
  const writer = Bun.spawn(["sh", "-c", WRITER], { stdout: pipe.write, stderr: "inherit" });
  closeDescriptor(pipe.write);
  let deaths = 0;
  while (deaths < MOST_DEATHS && !harness.closed.has(pipe.read)) {
    await turns(Math.floor(Math.random() * 400));
    const seen = harness.problems.length;
    harness.killWorker();
    await harness.until(() => harness.problems.length > seen || harness.closed.has(pipe.read));
    deaths++;
    // The next is to get something done.
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    while (!harness.closed.has(pipe.read) && statSync(file, { throwIfNoEntry: false })?.size === size) await turns(1);
  }
  await harness.until(() => harness.closed.has(pipe.read));
  await writer.exited;
  expect(deaths).toBeGreaterThan(0);
  expectEachOnce(numbersIn(file));
}, 60_000);

test("a process that is killed again and again loses no line and writes none twice", async () => {
  await using harness = new PlaneHarness();
  const pipe = harness.pipe();
  const file = harness.file("a.log");
  const compressors = new Compressors(() => {
    throw new Error("nothing is compressed here");
  });
  const { journal, carries } = planePorts({ compressors, syslogPath: "/dev/null", home: "/" }).openEstate();
  const writer = Bun.spawn(["sh", "-c", WRITER], { stdout: pipe.write, stderr: "inherit" });
  closeDescriptor(pipe.write);
  const passed = [pipe.read, journal, carries];
  let killed = 0;
  for (;;) {
    const runner = Bun.spawn(
      [process.execPath, join(import.meta.dir, "../programs/plane-runner.ts"), file, String(MAX_SIZE)],
      { stdio: ["ignore", "inherit", "inherit", ...passed] },
    );
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    let ended = false;
    void runner.exited.then(() => (ended = true));
    while (!ended && statSync(file, { throwIfNoEntry: false })?.size === size) await turns(1);
    await turns(Math.floor(Math.random() * 300));
    if (killed < MOST_DEATHS) runner.kill("SIGKILL");
    await runner.exited;
    if (runner.exitCode === 0) break;
    expect(runner.signalCode).toBe("SIGKILL");
    killed++;
  }
  await writer.exited;
  for (const fd of passed) closeDescriptor(fd);
  expect(killed).toBeGreaterThan(0);
  expectEachOnce(numbersIn(file));
}, 60_000);
