import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { OutputMark, PlaneLine } from "../../src/log/plane-messages.ts";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { lookAtLogFile } from "../../src/os/log-file.ts";
import { fileSink, PlaneHarness, policyOf } from "./plane-harness.ts";

const LINES = 3_000;

/** What all files of the directory hold up to the mark, in order. */
function textBefore(directory: string, { files: [file] }: OutputMark): string {
  if (file === undefined) return "";
  const paths = readdirSync(directory)
    .filter((name) => name.startsWith("a.log"))
    .map((name) => join(directory, name))
    .toSorted((left, right) => indexOf(right) - indexOf(left));
  let text = "";
  for (const path of paths) {
    const bytes = readFileSync(path);
    if (lookAtLogFile(path)?.identity === file.identity) return text + bytes.subarray(0, file.size).toString();
    text += bytes.toString();
  }
  return text;
}

const indexOf = (path: string): number => Number(/\.(\d+)$/.exec(path)?.[1] ?? 0);

test("a mark parts what is in the files from what a follower hears afterwards: no line is missing, none comes twice", async () => {
  await using harness = new PlaneHarness();
  harness.plane.configure("a", policyOf([fileSink({ maxSize: 2_000, keep: 1_000 })]), harness.file("a.log"));
  const pipe = harness.pipe();
  harness.plane.open({ run: 1, service: "a", pid: 10 }, [{ fd: pipe.read, stream: "stdout" }]);
  // Somebody else follows already: what was taken for it in the same round must not be heard by the new one.
  harness.plane.follow("a", () => {});
  const heard: { readonly mark: OutputMark; readonly lines: string[] }[] = [];
  for (let number = 0; number < LINES; number++) {
    writeSync(pipe.write, `line ${number}\n`);
    if (number % 300 !== 150) continue;
    let lines: string[] | null = null;
    harness.plane.follow("a", ({ text }: PlaneLine) => lines?.push(text));
    // In one batch of messages: lines are read before the mark and after it.
    void harness.plane.drain(1);
    harness.plane.mark("a", (mark) => {
      lines = [];
      heard.push({ mark, lines });
    });
    writeSync(pipe.write, `line ${++number}\n`);
    void harness.plane.drain(1);
    await harness.plane.flush();
  }
  closeDescriptor(pipe.write);
  await harness.until(() => harness.closed.has(pipe.read));
  await harness.plane.flush();
  const all = Array.from({ length: LINES }, (_, number) => `line ${number}`);
  expect(heard.length).toBe(10);
  expect(readdirSync(harness.directory).length).toBeGreaterThan(10);
  for (const { mark, lines } of heard) {
    const before = textBefore(harness.directory, mark).split("\n").slice(0, -1);
    expect([...before, ...lines]).toEqual(all);
    expect(mark.lines).toEqual([]);
  }
});

test("without a file a mark has the lines in memory, and nothing of an unknown service", async () => {
  await using harness = new PlaneHarness();
  harness.plane.configure("a", policyOf([]), null);
  const pipe = harness.pipe();
  harness.plane.open({ run: 1, service: "a", pid: 10 }, [{ fd: pipe.read, stream: "stdout" }]);
  writeSync(pipe.write, "one\ntwo\n");
  await harness.plane.drain(1);
  const marks: OutputMark[] = [];
  for (const name of ["a", "nobody"]) harness.plane.mark(name, (mark) => marks.push(mark));
  await harness.plane.flush();
  expect(marks.map(({ files, lines }) => [files, lines.map(({ text }) => text)])).toEqual([
    [[], ["one", "two"]],
    [[], []],
  ]);
  closeDescriptor(pipe.write);
});

test("the last lines of a service part what was written before from what a follower hears, though all lines are alike", async () => {
  await using harness = new PlaneHarness();
  harness.plane.configure("a", policyOf([fileSink()]), harness.file("a.log"));
  const pipe = harness.pipe();
  harness.plane.open({ run: 1, service: "a", pid: 10 }, [{ fd: pipe.read, stream: "stdout" }]);
  harness.plane.follow("a", () => {});
  const told: { count: number }[] = [];
  for (let number = 0; number < LINES; number++) {
    writeSync(pipe.write, "the same\n");
    if (number % 300 !== 150) continue;
    let follower: { count: number } | null = null;
    harness.plane.follow("a", () => {
      if (follower !== null) follower.count++;
    });
    // In one batch of messages: lines are read before the question and after it.
    void harness.plane.drain(1);
    harness.plane.tailBefore("a", 10_000, ({ length }) => told.push((follower = { count: length })));
    writeSync(pipe.write, "the same\n");
    number++;
    void harness.plane.drain(1);
    await harness.plane.flush();
  }
  closeDescriptor(pipe.write);
  await harness.until(() => harness.closed.has(pipe.read));
  await harness.plane.flush();
  expect(told.map(({ count }) => count)).toEqual(Array.from({ length: 10 }, () => LINES));
});
