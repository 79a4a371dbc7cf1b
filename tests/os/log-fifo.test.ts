import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addToEpoll, EpollWaiter, openEpoll } from "../../src/os/epoll.ts";
import { findLogFifo, openLogFifo } from "../../src/os/log-fifo.ts";
import { closeDescriptor, readPipe } from "../../src/os/pipe-io.ts";

/** A pipe of which a predecessor had both ends, with what somebody does to them before the name is opened again. */
function found(before: (ends: { readonly read: number; readonly write: number }) => void): number {
  const directory = mkdtempSync(join(tmpdir(), "log-fifo-"));
  try {
    const opened = openLogFifo(join(directory, "0"));
    if (opened.tag === "failed") throw new Error(opened.errno);
    before(opened.ends);
    return findLogFifo(join(directory, "0")) ?? -1;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** true: an epoll set reports it, now. */
function isReported(fd: number): boolean {
  const epoll = openEpoll();
  addToEpoll(epoll, fd, false);
  const reported = new EpollWaiter(epoll).wait(0).length;
  closeDescriptor(epoll);
  return reported > 0;
}

function readOne(fd: number): string {
  const buffer = new Uint8Array(1);
  const result = readPipe(fd, buffer, { offset: 0, most: 1 });
  return result.tag === "read" ? String.fromCharCode(buffer[0] ?? 0) : result.tag;
}

test("a pipe that nobody has open any more tells whoever opens its name that it has ended", () => {
  const fd = found(({ read, write }) => [read, write].forEach(closeDescriptor));
  expect(isReported(fd)).toBe(true);
  expect(readOne(fd)).toBe("ended");
  closeDescriptor(fd);
});

test("a pipe that its writer has open gives what is in it to whoever opens its name, and then tells of nothing", () => {
  let writer = -1;
  const fd = found(({ read, write }) => {
    writeSync(write, "x");
    closeDescriptor(read);
    writer = write;
  });
  expect(readOne(fd)).toBe("x");
  expect(isReported(fd)).toBe(false);
  expect(readOne(fd)).toBe("empty");
  closeDescriptor(writer);
  expect(isReported(fd)).toBe(true);
  closeDescriptor(fd);
});
