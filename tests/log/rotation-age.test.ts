import { expect, test } from "bun:test";
import { truncateSync, writeFileSync } from "node:fs";
import { millis } from "../../src/core/units.ts";
import { RotatingLog, textOf } from "./rotating-log.ts";

const SECOND = 1_000_000;
const HOUR = millis(3_600_000);
const POLICY = { maxSize: 1_000_000, maxAge: HOUR };

function patienceOf(log: RotatingLog): number {
  return log.clock.patience(() => log.at) / 1000;
}

test("a file is rotated by the first write after its first line is too old, however new the others are", () => {
  using log = new RotatingLog();
  log.at = 1000 * SECOND;
  log.open(POLICY);
  log.write("first\n");
  log.at += 3599 * SECOND;
  log.write("second\n");
  expect(log.names()).toEqual(["a.log"]);
  log.at += SECOND;
  log.write("third\n");
  expect([textOf(`${log.path}.1`), textOf(log.path)]).toEqual(["first\nsecond\n", "third\n"]);
});

test("while nothing is written it is rotated all the same, once, and an empty one is waited for by nobody", () => {
  using log = new RotatingLog();
  log.at = 1000 * SECOND;
  const file = log.open(POLICY);
  file.expectAge(log.at);
  expect(patienceOf(log)).toBe(Number.POSITIVE_INFINITY);
  log.write("first\n");
  expect(patienceOf(log)).toBe(HOUR);
  log.at += 3600 * SECOND;
  expect(log.clock.takeDue(() => log.at)).toBe(true);
  file.rotateIfDue(log.at);
  expect(log.names()).toEqual(["a.log", "a.log.1"]);
  expect([patienceOf(log), textOf(log.path)]).toEqual([Number.POSITIVE_INFINITY, ""]);
  log.at += 7200 * SECOND;
  file.rotateIfDue(log.at);
  log.write("second\n");
  expect(log.names()).toEqual(["a.log", "a.log.1"]);
});

test("a file from before is as old as its first line says, also when nothing is written to it", () => {
  using log = new RotatingLog();
  writeFileSync(log.path, "1000.000000 first\n4000.000000 second\n");
  log.at = 4000 * SECOND;
  const file = log.open(POLICY, "unix");
  file.expectAge(log.at);
  expect(patienceOf(log)).toBe(600_000);
  log.at = 4600 * SECOND;
  file.rotateIfDue(log.at);
  expect(textOf(`${log.path}.1`)).toContain("second");
});

test("a file whose lines do not tell is as old as the file", () => {
  using log = new RotatingLog();
  writeFileSync(log.path, "no stamp\n");
  const now = Date.now() * 1000;
  log.at = now + 3500 * SECOND;
  const file = log.open(POLICY);
  file.expectAge(log.at);
  expect(patienceOf(log)).toBeWithin(0, 101_000);
  log.at = now + 3700 * SECOND;
  log.write("new\n");
  expect([textOf(`${log.path}.1`), textOf(log.path)]).toEqual(["no stamp\n", "new\n"]);
});

test("a line that has not ended is not cut, and nobody is woken for it", () => {
  using log = new RotatingLog();
  log.at = 1000 * SECOND;
  const file = log.open(POLICY);
  log.write("begin ");
  log.at += 4000 * SECOND;
  expect(log.clock.takeDue(() => log.at)).toBe(true);
  file.rotateIfDue(log.at);
  expect([log.names().length, patienceOf(log)]).toEqual([1, Number.POSITIVE_INFINITY]);
  log.writeOn("end\n");
  log.write("next\n");
  expect([textOf(`${log.path}.1`), textOf(log.path)]).toEqual(["begin end\n", "next\n"]);
});

test("a file that somebody has emptied is young again", () => {
  using log = new RotatingLog();
  log.at = 1000 * SECOND;
  log.open(POLICY);
  log.write("first\n");
  truncateSync(log.path, 0);
  log.at += 3599 * SECOND;
  log.write("second\n");
  log.at += 3599 * SECOND;
  log.write("third\n");
  expect(log.names()).toEqual(["a.log"]);
  log.at += SECOND;
  log.write("fourth\n");
  expect([textOf(`${log.path}.1`), textOf(log.path)]).toEqual(["second\nthird\n", "fourth\n"]);
});

test("a file that somebody has emptied is not rotated as long as it is empty", () => {
  using log = new RotatingLog();
  log.at = 1000 * SECOND;
  log.open(POLICY);
  log.write("first\n");
  truncateSync(log.path, 0);
  log.at += 7200 * SECOND;
  log.write("second\n");
  expect(log.names()).toEqual(["a.log"]);
});

test("an age that is asked for later counts from the first line too, and can be taken back", () => {
  using log = new RotatingLog();
  log.at = 1000 * SECOND;
  const file = log.open({ maxSize: 1_000_000 }, "unix");
  log.write("first\n");
  expect(patienceOf(log)).toBe(Number.POSITIVE_INFINITY);
  log.at += 100 * SECOND;
  log.open(POLICY, "unix");
  expect(patienceOf(log)).toBe(3_500_000);
  log.open({ maxSize: 1_000_000 }, "unix");
  log.at += 3600 * SECOND;
  expect(log.clock.takeDue(() => log.at)).toBe(true);
  file.rotateIfDue(log.at);
  expect([log.names().length, patienceOf(log)]).toEqual([1, Number.POSITIVE_INFINITY]);
});
