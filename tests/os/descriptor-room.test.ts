import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { closeDescriptor, hasRoomAbove, openLogPipe } from "../../src/os/pipe-io.ts";

test("there is room above a descriptor up to the limit of descriptors, and looking for it opens none", () => {
  const opened = openLogPipe();
  if (opened.tag === "failed") throw new Error(opened.errno);
  const { read, write } = opened.ends;
  const before = readdirSync("/proc/self/fd").length;
  expect(hasRoomAbove(write, 4)).toBe(true);
  expect(hasRoomAbove(write, 2 ** 30)).toBe(false);
  expect(readdirSync("/proc/self/fd").length).toBe(before);
  closeDescriptor(read);
  closeDescriptor(write);
});

test("processes are seen as they are when no descriptor is left", async () => {
  const program = join(import.meta.dir, "../programs/processes-without-descriptors.ts");
  const words = ["bash", "-c", 'ulimit -n 100; exec "$@"', "bash", process.execPath, program];
  const child = Bun.spawn(words, { stdout: "pipe" });
  expect(await child.stdout.text()).toBe(`${Array.from({ length: 11 }, () => "true").join(" ")}\n`);
  expect(await child.exited).toBe(0);
});
