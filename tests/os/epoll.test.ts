import { expect, test } from "bun:test";
import { writeSync } from "node:fs";
import { addToEpoll, EpollWaiter, openEpoll, removeFromEpoll } from "../../src/os/epoll.ts";
import { addToEventfd, openEventfd, takeFromEventfd } from "../../src/os/eventfd.ts";
import { closeDescriptor, openLogPipe, type PipeEnds, readPipe, waitingInPipe } from "../../src/os/pipe-io.ts";

function openPipe(): PipeEnds {
  const made = openLogPipe();
  if (made.tag === "failed") throw new Error(made.errno);
  return made.ends;
}

function closeAll(...fds: readonly number[]): void {
  for (const fd of fds) closeDescriptor(fd);
}

test("a set reports the descriptors that are readable, again and again, until they are read", () => {
  const epoll = openEpoll();
  const [first, second] = [openPipe(), openPipe()];
  const waiter = new EpollWaiter(epoll);
  expect(addToEpoll(epoll, first.read, false)).toEqual({ tag: "ok" });
  expect(addToEpoll(epoll, second.read, false)).toEqual({ tag: "ok" });
  expect(waiter.wait(0)).toEqual([]);
  writeSync(second.write, "x");
  expect([...waiter.wait(Number.POSITIVE_INFINITY)]).toEqual([second.read]);
  writeSync(first.write, "x");
  expect([...waiter.wait(Number.POSITIVE_INFINITY)].toSorted((a, b) => a - b)).toEqual(
    [first.read, second.read].toSorted((a, b) => a - b),
  );
  closeAll(epoll, first.read, first.write, second.read, second.write);
});

test("a wait of a part of a millisecond is no longer than that by much, and ends with what becomes readable", () => {
  const epoll = openEpoll();
  const { read, write } = openPipe();
  const waiter = new EpollWaiter(epoll);
  addToEpoll(epoll, read, false);
  const spans = Array.from({ length: 50 }, () => {
    const began = performance.now();
    expect(waiter.wait(200)).toEqual([]);
    return performance.now() - began;
  });
  expect(Math.min(...spans)).toBeWithin(0.2, 0.99);
  writeSync(write, "x");
  for (const micros of [1, 1999, 60_000_000]) expect([...waiter.wait(micros)]).toEqual([read]);
  closeAll(epoll, read, write);
});

test("a descriptor watched once is reported once, until it is added again", () => {
  const epoll = openEpoll();
  const { read, write } = openPipe();
  const waiter = new EpollWaiter(epoll);
  addToEpoll(epoll, read, true);
  writeSync(write, "x");
  expect([...waiter.wait(Number.POSITIVE_INFINITY)]).toEqual([read]);
  expect(waiter.wait(0)).toEqual([]);
  expect(addToEpoll(epoll, read, true)).toEqual({ tag: "ok" });
  expect([...waiter.wait(Number.POSITIVE_INFINITY)]).toEqual([read]);
  closeAll(epoll, read, write);
});

test("a descriptor that was taken out is not reported", () => {
  const epoll = openEpoll();
  const { read, write } = openPipe();
  addToEpoll(epoll, read, false);
  writeSync(write, "x");
  expect(removeFromEpoll(epoll, read)).toEqual({ tag: "ok" });
  expect(new EpollWaiter(epoll).wait(0)).toEqual([]);
  expect(removeFromEpoll(epoll, read)).toEqual({ tag: "failed", errno: "ENOENT" });
  closeAll(epoll, read, write);
});

test("a descriptor that is none is refused", () => {
  const epoll = openEpoll();
  expect(addToEpoll(epoll, -1, false)).toEqual({ tag: "failed", errno: "EBADF" });
  closeAll(epoll);
});

test("an eventfd counts what was added since it was read", () => {
  const epoll = openEpoll();
  const fd = openEventfd();
  addToEpoll(epoll, fd, false);
  expect(takeFromEventfd(fd)).toBe(0);
  addToEventfd(fd);
  addToEventfd(fd);
  expect([...new EpollWaiter(epoll).wait(Number.POSITIVE_INFINITY)]).toEqual([fd]);
  expect(takeFromEventfd(fd)).toBe(2);
  expect(new EpollWaiter(epoll).wait(0)).toEqual([]);
  closeAll(epoll, fd);
});

test("a pipe is read without waiting, and says when it is empty and when no writer is left", () => {
  const { read, write } = openPipe();
  const buffer = new Uint8Array(10);
  expect(readPipe(read, buffer, { offset: 0, most: 10 })).toEqual({ tag: "empty" });
  writeSync(write, "hello world");
  expect(waitingInPipe(read)).toBe(11);
  expect(readPipe(read, buffer, { offset: 7, most: 10 })).toEqual({ tag: "read", count: 3 });
  expect(Buffer.from(buffer.subarray(7)).toString()).toBe("hel");
  expect(readPipe(read, buffer, { offset: 0, most: 4 })).toEqual({ tag: "read", count: 4 });
  closeAll(write);
  expect(readPipe(read, buffer, { offset: 0, most: 10 })).toEqual({ tag: "read", count: 4 });
  expect(readPipe(read, buffer, { offset: 0, most: 10 })).toEqual({ tag: "ended" });
  closeAll(read);
  expect(readPipe(-1, buffer, { offset: 0, most: 10 })).toEqual({ tag: "failed", errno: "EBADF" });
});
