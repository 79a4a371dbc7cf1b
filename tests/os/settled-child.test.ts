import { expect, test } from "bun:test";
import { settledChildWord } from "../../src/os/settled-child.ts";
import { RECORD_SIZE } from "../../src/os/state-record.ts";

function wordOf(pid: number, goesOn: boolean): Uint8Array {
  const bytes = new Uint8Array(RECORD_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, pid, true);
  view.setUint32(4, goesOn ? 1 : 0, true);
  return bytes;
}

test("a child that has gone on counts, whatever has become of it", () => {
  expect(settledChildWord(wordOf(2 ** 22 + 1, true))).toEqual({ pid: 2 ** 22 + 1, goesOn: true, timeNs: 0 });
});

test("a child that is gone and has not gone on has never been there", () => {
  expect(settledChildWord(wordOf(2 ** 22 + 1, false)).pid).toBe(0);
});

test("a child between the two is waited for, also if it is long in coming to its turn", async () => {
  const child = Bun.spawn(["/bin/sleep", "0.4"]);
  // It has ended by the time of the answer, and is not reaped, as this thread has not come to that yet.
  expect(settledChildWord(wordOf(child.pid, false)).pid).toBe(0);
  expect(await child.exited).toBe(0);
});

test("one that somebody has stopped there may still go on, which is not waited for", async () => {
  const child = Bun.spawn(["/bin/sleep", "1000"]);
  child.kill("SIGSTOP");
  expect(settledChildWord(wordOf(child.pid, false))).toEqual({ pid: child.pid, goesOn: false, timeNs: 0 });
  child.kill("SIGKILL");
  await child.exited;
});
