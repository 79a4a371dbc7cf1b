/* What is left of an answer once a check has what it wants is read for the sake of the server, but neither much nor for long. */
import { expect, test } from "bun:test";
import { attemptHttp } from "../../src/supervisor/check-http.ts";
import type { CheckResult } from "../../src/supervisor/check-result.ts";
import type { NetworkPort } from "../../src/supervisor/connection.ts";
import { LiteralTimers } from "./literal-timers.ts";

const MIB = 1024 * 1024;
const FD = 11;
const BEGINNING = new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n");

/** A check of a server whose answer has no end: after its beginning it sends at most `most` bytes at a time. */
function checkEndless(most: number) {
  const timers = new LiteralTimers();
  const concluded: CheckResult[] = [];
  const open = new Set<number>();
  let received = 0;
  let watcher: (() => void) | null = null;
  const network: Pick<NetworkPort, "connect" | "send" | "receive" | "close"> = {
    connect() {
      open.add(FD);
      return { tag: "begun", fd: FD, decided: null };
    },
    send: () => null,
    receive(_fd, buffer) {
      const isFirst = received === 0;
      const count = Math.min(buffer.length, isFirst ? 8192 : most);
      buffer.fill(120, 0, count);
      if (isFirst) buffer.set(BEGINNING);
      received += count;
      return { tag: "read", count };
    },
    close(fd) {
      if (!open.delete(fd)) throw new Error(`descriptor ${fd} is closed twice`);
    },
  };
  const unasked = (): never => {
    throw new Error("nobody asks for that of an address that accepts at once");
  };
  const output = {
    watch: (_fd: number, ready: () => void) => void (watcher = ready),
    unwatch: () => void (watcher = null),
  };
  const ports = { network: { ...network, addressesOf: unasked, takeError: unasked }, output, timers };
  attemptHttp("http://127.0.0.1/", ports, (result) => void concluded.push(result));
  timers.turns();
  return {
    timers,
    concluded,
    isOpen: () => open.size > 0,
    /** How much has been received once the connection has ended, or there have been so many turns. */
    receivedAfter(turns: number): number {
      for (let turn = 0; turn < turns && watcher !== null; turn++) watcher();
      return received;
    },
  };
}

test("a server that sends without end is left once it has sent another MiB", () => {
  const check = checkEndless(Number.POSITIVE_INFINITY);
  const received = check.receivedAfter(1_000);
  expect(check.concluded).toMatchObject([{ ok: true, detail: "answered 200" }]);
  expect([check.isOpen(), check.timers.waiting]).toEqual([false, []]);
  expect(received).toBeGreaterThan(MIB);
  expect(received).toBeLessThan(MIB + 128 * 1024);
});

test("a server that sends little without end is left after a second", () => {
  const check = checkEndless(1);
  check.receivedAfter(1_000);
  expect(check.concluded).toHaveLength(1);
  check.timers.passTime(999);
  expect(check.isOpen()).toBe(true);
  check.timers.passTime(1);
  expect([check.isOpen(), check.concluded.length]).toEqual([false, 1]);
});
