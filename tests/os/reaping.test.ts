import { afterAll, beforeAll, expect, test } from "bun:test";
import { peekEndedChild, reapChild } from "../../src/os/reaping.ts";
import { Spawner } from "../../src/os/spawn.ts";
import { commandOf, expectChild, isReaped, requestOf, until } from "./spawn-kit.ts";

const BUSY = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; exit 3";

let spawner: Spawner;
beforeAll(() => {
  spawner = new Spawner();
});
afterAll(() => spawner[Symbol.dispose]());

test("a child that has ended is looked at with what it has used, and stays until it is reaped", async () => {
  const child = expectChild(spawner.spawn(requestOf(commandOf("/bin/sh", "-c", BUSY)), 100));
  await until("the child ends", () => peekEndedChild() !== null);
  const ended = peekEndedChild();
  expect(ended).toMatchObject({ pid: child.pid, exit: { tag: "code", code: 3 } });
  expect(ended?.usage.userMs).toBeGreaterThan(1);
  expect(ended?.usage.userMs).toBeLessThan(60_000);
  expect(ended?.usage.systemMs).toBeLessThan(60_000);
  reapChild(child.pid);
  expect(isReaped(child.pid)).toBe(true);
  expect(peekEndedChild()).toBeNull();
});

test("the peak of a child's memory is at least what its parent had needed, which its exec hands on", async () => {
  const peak = (): number => process.resourceUsage().maxRSS * 1024;
  const before = peak();
  const small = expectChild(spawner.spawn(requestOf(commandOf("/bin/true")), 100));
  await until("the child ends", () => peekEndedChild() !== null);
  const usage = peekEndedChild()?.usage;
  reapChild(small.pid);
  expect(usage?.peakRss).toBeGreaterThan(before / 2);
  expect(usage?.peakRss).toBeLessThanOrEqual(peak());
});
