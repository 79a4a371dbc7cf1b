import { expect, test } from "bun:test";
import { drainOutput } from "../../src/supervisor/drain-output.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { LiteralTimers } from "./literal-timers.ts";

function drained(isDirect: boolean) {
  const timers = new LiteralTimers();
  const usual = literalDefinition();
  const definition = isDirect ? { ...usual, log: { ...usual.log, direct: { rotateSignal: null } } } : usual;
  const writes: (() => void)[] = [];
  let ends = 0;
  const output = {
    drain: (_run: number, written?: () => void): void => void writes.push(written ?? ((): void => {})),
  };
  drainOutput({ run: 1, definition }, { output, timers }, () => void ends++);
  return { timers, ends: () => ends, write: () => writes.forEach((written) => written()) };
}

test("what follows from the end of a command waits for no disk", () => {
  const it = drained(false);
  expect(it.ends()).toBe(0);
  it.timers.turns();
  expect(it.ends()).toBe(1);
  it.write();
  expect([it.ends(), it.timers.waiting]).toEqual([1, []]);
});

test("of a service that writes its log itself it waits until the output is written, and then only once", () => {
  const it = drained(true);
  it.timers.turns();
  it.timers.passTime(999);
  expect(it.ends()).toBe(0);
  it.write();
  it.write();
  it.timers.passTime(10_000);
  expect([it.ends(), it.timers.waiting]).toEqual([1, []]);
});

test("but not for long, should the disk not get on", () => {
  const it = drained(true);
  it.timers.passTime(1_000);
  expect(it.ends()).toBe(1);
  it.write();
  expect(it.ends()).toBe(1);
});
