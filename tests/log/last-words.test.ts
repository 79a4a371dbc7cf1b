import { expect, test } from "bun:test";
import { writeSync } from "node:fs";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { fileSink, PlaneHarness, policyOf } from "./plane-harness.ts";

/** Lets a run write its text and end. */
async function live(harness: PlaneHarness, run: number, text: string): Promise<void> {
  const { read, write } = harness.pipe();
  harness.plane.open({ run, service: "web", pid: 100 + run }, [{ fd: read, stream: "stdout" }]);
  writeSync(write, text);
  closeDescriptor(write);
  await harness.plane.drain(run);
}

const textsOf = (lines: readonly { readonly text: string }[]): readonly string[] => lines.map(({ text }) => text);

for (const sinks of [[fileSink()], []]) {
  const where = sinks.length === 0 ? "in memory" : "in a file";
  test(`the last words of a run are its own, all of them and no more, with its lines ${where}`, async () => {
    await using harness = new PlaneHarness();
    const { plane } = harness;
    plane.configure("web", policyOf(sinks), harness.file("web.log"));
    await live(harness, 1, "one\ntwo\n");
    expect(textsOf(await plane.lastWords({ service: "web", run: 1 }, 50))).toEqual(["one", "two"]);
    await live(harness, 2, "three\nfour\nunfinished");
    expect(textsOf(await plane.lastWords({ service: "web", run: 2 }, 50))).toEqual(["three", "four", "unfinished"]);
    expect(textsOf(await plane.lastWords({ service: "web", run: 2 }, 1))).toEqual(["unfinished"]);
    await live(harness, 3, "");
    expect(await plane.lastWords({ service: "web", run: 3 }, 50)).toEqual([]);
    expect(await plane.lastWords({ service: "web", run: 2 }, 50)).toEqual([]);
  });
}

test("a run that is asked for before the next one is opened is answered before it", async () => {
  await using harness = new PlaneHarness();
  const { plane } = harness;
  plane.configure("web", policyOf([]), null);
  const first = live(harness, 1, "before the end\n");
  const words = plane.lastWords({ service: "web", run: 1 }, 50);
  const second = live(harness, 2, "after it\n");
  expect(textsOf(await words)).toEqual(["before the end"]);
  await Promise.all([first, second]);
});
