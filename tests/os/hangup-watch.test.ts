import { expect, test } from "bun:test";
import { closeSync, writeSync } from "node:fs";
import { addToEpoll, EpollWaiter, openEpoll } from "../../src/os/epoll.ts";
import { HangupWatch } from "../../src/os/hangup-watch.ts";
import { makeMemoryFile } from "../../src/os/memory-file.ts";
import { openLogPipe } from "../../src/os/pipe-io.ts";

function pipe() {
  const opened = openLogPipe();
  if (opened.tag === "failed") throw new Error(opened.errno);
  return opened.ends;
}

test("what is hung up on is told until it is removed, what can only be read is not", () => {
  const watch = new HangupWatch();
  const [silent, full, closed] = [pipe(), pipe(), pipe()];
  for (const { read } of [silent, full, closed]) expect(watch.add(read)).toBe(true);
  writeSync(full.write, "x");
  expect(watch.look()).toEqual([]);
  closeSync(closed.write);
  expect(watch.look()).toEqual([closed.read]);
  expect(watch.look()).toEqual([closed.read]);
  watch.remove(closed.read);
  expect(watch.look()).toEqual([]);
  for (const fd of [silent.read, silent.write, full.read, full.write, closed.read, watch.fd]) closeSync(fd);
});

test("its own descriptor can be read once there is something to tell", () => {
  const watch = new HangupWatch();
  const { read, write } = pipe();
  watch.add(read);
  const epoll = openEpoll();
  addToEpoll(epoll, watch.fd, true);
  const waiter = new EpollWaiter(epoll);
  expect(waiter.wait(0)).toEqual([]);
  closeSync(write);
  expect(waiter.wait(Number.POSITIVE_INFINITY)).toEqual([watch.fd]);
  for (const fd of [read, epoll, watch.fd]) closeSync(fd);
});

test("a memory file is never hung up on", () => {
  const watch = new HangupWatch();
  const fd = makeMemoryFile("test");
  expect(watch.add(fd)).toBe(false);
  watch.remove(fd);
  for (const one of [fd, watch.fd]) closeSync(one);
});
