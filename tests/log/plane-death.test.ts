/* Whoever writes the logs may die at any instant: no line is lost then, and none is written twice. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlaneFiles } from "../../src/daemon-plane-files.ts";
import { OutputPipes } from "../../src/log/output-pipes.ts";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { fileSink, NO_PIPES, PlaneHarness, policyOf } from "./plane-harness.ts";

const LAST = 400_000;
const MOST_DEATHS = 40;
/** After so many milliseconds as many deaths have to do as there were. */
const LONG_ENOUGH_MS = 20_000;
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
  const end = performance.now() + LONG_ENOUGH_MS;
  while (deaths < MOST_DEATHS && performance.now() < end && !harness.closed.has(pipe.read)) {
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

test("lines that are in memory alone are lost with their Worker, and counted", async () => {
  await using harness = new PlaneHarness();
  const pipe = harness.pipe();
  harness.plane.configure("a", policyOf([fileSink()]), harness.file("missing/a.log"));
  harness.plane.open({ run: 1, service: "a", pid: 10 }, [{ fd: pipe.read, stream: "stdout" }]);
  const said = (text: string): boolean => harness.problems.some(({ message }) => message.includes(text));
  writeSync(pipe.write, "1\n2\n3\n");
  await harness.until(() => said("only the last lines are kept, in memory"));
  harness.killWorker();
  await harness.until(() => said("3 lines"));
  mkdirSync(harness.file("missing"));
  closeDescriptor(pipe.write);
  await harness.until(() => harness.closed.has(pipe.read));
  harness.killWorker();
  await harness.until(() => harness.problems.filter(({ message }) => message.includes("Worker died")).length === 2);
  await harness.plane.reached();
  expect(harness.problems.filter(({ message }) => message.includes("died with whoever"))).toHaveLength(1);
});

/** Has a writer write into a pipe that is written down as a run's, and then readers read it, which are killed. */
async function expectKilledReadersLoseNothing(keepsPipe: boolean): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "plane-death-"));
  const file = join(directory, "a.log");
  const files = { directory: join(directory, "pipes"), boot: "this one", estate: NO_PIPES.estate };
  const pipes = new OutputPipes(new PlaneFiles(files).pipes, closeDescriptor);
  const pipe = pipes.make({ run: 1, service: "a", stream: "stdout" }, 0);
  if (typeof pipe === "string") throw new Error(pipe);
  pipes.begin(pipe.read, 10);
  // It has the pipe open until it is told that all has been read: what nobody has open is lost.
  const writer = Bun.spawn(["sh", "-c", `${WRITER}; read line`], {
    stdin: "pipe",
    stdout: pipe.write,
    stderr: "inherit",
  });
  closeDescriptor(pipe.write);
  if (!keepsPipe) closeDescriptor(pipe.read);
  let killed = 0;
  const end = performance.now() + LONG_ENOUGH_MS;
  for (;;) {
    const program = [process.execPath, join(import.meta.dir, "../programs/plane-runner.ts")];
    const runner = Bun.spawn([...program, file, String(MAX_SIZE), files.directory, ...(keepsPipe ? ["log 0"] : [])], {
      stdio: ["ignore", "inherit", "inherit", ...(keepsPipe ? [pipe.read] : [])],
    });
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    let ended = false;
    void runner.exited.then(() => (ended = true));
    if (killed < MOST_DEATHS && performance.now() < end && !isComplete(file)) {
      while (!ended && statSync(file, { throwIfNoEntry: false })?.size === size) await turns(1);
      await turns(Math.floor(Math.random() * 300));
      runner.kill("SIGKILL");
    } else {
      while (!isComplete(file)) await turns(1);
      await writer.stdin.end();
    }
    await runner.exited;
    if (runner.exitCode === 0) break;
    expect(runner.signalCode).toBe("SIGKILL");
    killed++;
  }
  await writer.exited;
  if (keepsPipe) closeDescriptor(pipe.read);
  expect(killed).toBeGreaterThan(0);
  expectEachOnce(numbersIn(file));
  rmSync(directory, { recursive: true });
}

/** The last line is there. */
function isComplete(file: string): boolean {
  try {
    return readFileSync(file, "utf8").includes(`\n${LAST - 1}\n${LAST} `);
  } catch {
    return false;
  }
}

test("a process that is killed again and again, of which somebody keeps the pipe, loses no line and writes none twice", async () => {
  await expectKilledReadersLoseNothing(true);
}, 60_000);

test("a process that is killed again and again, of which nothing is left but files, loses no line and writes none twice", async () => {
  await expectKilledReadersLoseNothing(false);
}, 60_000);
