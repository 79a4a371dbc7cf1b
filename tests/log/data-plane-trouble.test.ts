import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { fileSink, openCountOf, openRun, PlaneHarness, POLICY } from "./plane-harness.ts";

describe("a Worker that dies", () => {
  test("is replaced, and the next goes on with the same descriptors, policies, followers and watches", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", POLICY, harness.file("a.log"));
    harness.plane.configureOwn(harness.file("own.log"), { ...fileSink({ maxSize: 1_000_000, keep: 1 }), sinks: [] });
    harness.plane.own(["said before"]);
    const heard: string[] = [];
    harness.plane.follow("a", (line) => heard.push(line.text));
    const watched = harness.pipe();
    const readable = new Promise<void>((resolve) => harness.plane.watch(watched.read, resolve));
    const end = openRun(harness, 1, "a");
    writeSync(end, "one\n");
    await harness.plane.drain(1);
    harness.killWorker();
    writeSync(end, "two\nunfinished");
    writeSync(watched.write, "x");
    harness.plane.own(["said meanwhile"]);
    await harness.plane.drain(1);
    await readable;
    await harness.plane.flush();
    expect(readFileSync(harness.file("a.log"), "utf8")).toBe("one\ntwo\nunfinished\n");
    expect(readFileSync(harness.file("own.log"), "utf8")).toBe("said before\nsaid meanwhile\n");
    expect(heard).toEqual(["one", "two", "unfinished"]);
    expect(harness.problems.map(({ service, recovered }) => ({ service, recovered }))).toEqual([
      { service: null, recovered: false },
    ]);
    closeDescriptor(end);
    await harness.until(() => harness.closed.size > 0 && harness.problems.length === 1);
    closeDescriptor(watched.read);
    closeDescriptor(watched.write);
  });

  test("leaves no descriptor behind", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", POLICY, harness.file("a.log"));
    const end = openRun(harness, 1, "a");
    writeSync(end, "one\n");
    await harness.plane.drain(1);
    expect(openCountOf(harness.file("a.log"))).toBe(1);
    for (let round = 0; round < 3; round++) {
      harness.killWorker();
      writeSync(end, "more\n");
      await harness.plane.drain(1);
      expect(openCountOf(harness.file("a.log"))).toBe(1);
    }
    expect(readFileSync(harness.file("a.log"), "utf8")).toBe("one\nmore\nmore\nmore\n");
    closeDescriptor(end);
  });
});

describe("a file that cannot be written", () => {
  test("is said once, and what was held back is written when it works again", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", POLICY, harness.file("sub/a.log"));
    const end = openRun(harness, 1, "a");
    writeSync(end, "one\n");
    await harness.plane.drain(1);
    writeSync(end, "two\n");
    await harness.plane.drain(1);
    expect(harness.problems.length).toBe(1);
    expect(harness.problems[0]?.message).toStartWith(`cannot write "${harness.file("sub/a.log")}": ENOENT`);
    expect((await harness.plane.tail("a", 10)).map(({ text }) => text)).toEqual(["one", "two"]);
    mkdirSync(harness.file("sub"));
    writeSync(end, "three\n");
    await harness.plane.drain(1);
    expect(readFileSync(harness.file("sub/a.log"), "utf8")).toBe("one\ntwo\nthree\n");
    expect(harness.problems.map(({ recovered }) => recovered)).toEqual([false, true]);
    rmSync(harness.file("sub"), { recursive: true });
    writeSync(end, "four\n");
    await harness.plane.drain(1);
    mkdirSync(harness.file("sub"));
    await harness.plane.flush();
    expect(readFileSync(harness.file("sub/a.log"), "utf8")).toBe("four\n");
    expect(harness.problems.map(({ recovered }) => recovered)).toEqual([false, true, false, true]);
    closeDescriptor(end);
  });

  test("is refused when it is a link, and does not stop another service", async () => {
    await using harness = new PlaneHarness();
    writeFileSync(harness.file("target"), "");
    symlinkSync(harness.file("target"), harness.file("a.log"));
    harness.plane.configure("a", POLICY, harness.file("a.log"));
    harness.plane.configure("b", POLICY, harness.file("b.log"));
    const a = openRun(harness, 1, "a");
    const b = openRun(harness, 2, "b");
    writeSync(a, "one\n");
    writeSync(b, "two\n");
    await harness.plane.drain(1);
    await harness.plane.drain(2);
    expect(readFileSync(harness.file("target"), "utf8")).toBe("");
    expect(readFileSync(harness.file("b.log"), "utf8")).toBe("two\n");
    expect(harness.problems.map(({ service, recovered }) => ({ service, recovered }))).toEqual([
      { service: "a", recovered: false },
    ]);
    closeDescriptor(a);
    closeDescriptor(b);
  });
});

describe("reopening", () => {
  test("goes on in a new file when somebody has renamed the old one", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", POLICY, harness.file("a.log"));
    const end = openRun(harness, 1, "a");
    writeSync(end, "one\n");
    await harness.plane.drain(1);
    renameSync(harness.file("a.log"), harness.file("moved"));
    writeSync(end, "two\n");
    await harness.plane.drain(1);
    harness.plane.reopen();
    await harness.plane.flush();
    writeSync(end, "three\n");
    await harness.plane.drain(1);
    expect(readFileSync(harness.file("moved"), "utf8")).toBe("one\ntwo\n");
    expect(readFileSync(harness.file("a.log"), "utf8")).toBe("three\n");
    closeDescriptor(end);
  });
});
