import { describe, expect, test } from "bun:test";
import { readFileSync, writeSync } from "node:fs";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { PlaneHarness, POLICY } from "./plane-harness.ts";

describe("the data plane", () => {
  test("lines of a pipe reach the file, and the pipe is closed at its end", async () => {
    await using harness = new PlaneHarness();
    const pipe = harness.pipe();
    harness.plane.configure("a", POLICY, harness.file("a.log"));
    harness.plane.open({ run: 1, service: "a", pid: 10 }, [{ fd: pipe.read, stream: "stdout" }]);
    writeSync(pipe.write, "one\ntwo\nthree");
    closeDescriptor(pipe.write);
    await harness.until(() => harness.closed.has(pipe.read));
    expect(readFileSync(harness.file("a.log"), "utf8")).toBe("one\ntwo\nthree\n");
    expect(harness.problems).toEqual([]);
  });
});
