import { describe, expect, test } from "bun:test";
import { readdirSync, writeSync } from "node:fs";
import type { PlaneLine } from "../../src/log/plane-messages.ts";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { fileSink, openRun, PlaneHarness, policyOf } from "./plane-harness.ts";

describe("the last lines", () => {
  test("without a file they come from memory", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", policyOf([]), null);
    const end = openRun(harness, 1, "a");
    const count = 500;
    writeSync(end, Array.from({ length: count }, (_, index) => `line ${index}\n`).join(""));
    await harness.plane.drain(1);
    const lines = await harness.plane.tail("a", 3);
    expect(lines.map(({ text }) => text)).toEqual(["line 497", "line 498", "line 499"]);
    expect(lines.every(({ pid, stream }) => pid === 1001 && stream === "stdout")).toBe(true);
    expect((await harness.plane.tail("a", 1000)).length).toBe(100);
    closeDescriptor(end);
  });

  test("with a file they come from it, back into the rotated one, without their stamps", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", policyOf([fileSink({ stamp: "iso", maxSize: 200 })]), harness.file("a.log"));
    const end = openRun(harness, 1, "a");
    const before = Date.now();
    writeSync(end, Array.from({ length: 12 }, (_, index) => `line ${index}\n`).join(""));
    await harness.plane.drain(1);
    const lines = await harness.plane.tail("a", 10);
    expect(readdirSync(harness.directory).length).toBeGreaterThan(1);
    expect(lines.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, index) => `line ${index + 2}`));
    expect(lines.every(({ at }) => at / 1000 >= before - 1 && at / 1000 <= Date.now() + 1)).toBe(true);
    closeDescriptor(end);
  });

  test("of a service that nobody knows there are none", async () => {
    await using harness = new PlaneHarness();
    expect(await harness.plane.tail("nobody", 10)).toEqual([]);
  });
});

describe("followers", () => {
  test("hear every line from then on, until they leave", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", policyOf([]), null);
    const end = openRun(harness, 1, "a");
    writeSync(end, "before\n");
    await harness.plane.drain(1);
    const heard: string[] = [];
    const listen = (line: PlaneLine): void => void heard.push(line.text);
    harness.plane.follow("a", listen);
    await harness.plane.flush();
    writeSync(end, "one\ntwo\n");
    await harness.plane.drain(1);
    await harness.plane.flush();
    harness.plane.unfollow("a", listen);
    writeSync(end, "after\n");
    await harness.plane.drain(1);
    await harness.plane.flush();
    expect(heard).toEqual(["one", "two"]);
    closeDescriptor(end);
  });
});

describe("a follower that keeps up", () => {
  test("misses nothing, however much it is", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", policyOf([]), null);
    const end = openRun(harness, 1, "a");
    let heard = 0;
    harness.plane.follow("a", ({ text }) => (heard += text.length));
    const text = `${"x".repeat(999)}\n`.repeat(60);
    for (let round = 0; round < 150; round++) {
      writeSync(end, text);
      await harness.plane.drain(1);
      await harness.plane.flush();
    }
    expect(heard).toBe(150 * 60 * 999);
    closeDescriptor(end);
  });
});
