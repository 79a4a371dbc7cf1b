import { expect, test } from "bun:test";
import { closeSync, readSync, writeSync } from "node:fs";
import { openReadyPipe, pipeIdentityOf, reopenReadyPipe } from "../../src/os/ready-pipe.ts";

function opened() {
  const pipe = openReadyPipe();
  if (typeof pipe === "string") throw new Error(pipe);
  return pipe;
}

test("the end of a service goes on to take what is written while nobody reads, and what it took is had back", () => {
  const { read, write } = opened();
  const identity = pipeIdentityOf(read);
  closeSync(read);
  writeSync(write, "\n");
  const again = reopenReadyPipe(process.pid, write, identity);
  if (again === null) throw new Error("the pipe is not found");
  const room = Buffer.alloc(8);
  expect(readSync(again, room)).toBe(1);
  closeSync(write);
  expect(readSync(again, room)).toBe(0);
  closeSync(again);
});

test("another pipe under the number is left alone, and so is no pipe at all", () => {
  const [one, other] = [opened(), opened()];
  expect(reopenReadyPipe(process.pid, other.write, pipeIdentityOf(one.read))).toBe(null);
  expect(reopenReadyPipe(process.pid, 9999, pipeIdentityOf(one.read))).toBe(null);
  for (const fd of [one.read, one.write, other.read, other.write]) closeSync(fd);
});
