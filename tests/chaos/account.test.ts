import { describe, expect, test } from "bun:test";
import { Account, type Round, type Seen } from "./account.ts";
import { memberOf, type Member } from "./member.ts";
import { parseNote } from "./note.ts";

const ALONE: Round = { isTouched: false, isBlind: false, mayMissExits: false, want: null };
const TOUCHED: Round = { ...ALONE, isTouched: true };
const BLIND: Round = { ...ALONE, isBlind: true, mayMissExits: true };
const UP: Seen = { state: "up", want: "up", pid: 10, restarts: 0 };
const DOWN: Seen = { state: "down", want: "down", pid: null, restarts: 0 };

/** An account of a service that is up, with this policy. */
function running(more: Partial<Member> = {}): Account {
  const account = new Account(memberOf("web", more));
  expect(hear(account, TOUCHED, "start 10 a 1")).toEqual([]);
  expect(account.settle(UP, true, TOUCHED)).toBeNull();
  return account;
}

/** What is wrong with these notes. */
function hear(account: Account, round: Round, ...lines: readonly string[]): readonly string[] {
  return lines.map((line) => account.hear(parseNote(line), round)).filter((problem) => problem !== null);
}

describe("a service that nobody asked anything of", () => {
  test("goes on", () => {
    expect(running().settle(UP, true, ALONE)).toBeNull();
  });

  test.each([
    ["is asked to end", ["end 10 a 2 asked"]],
    ["is killed and started again", ["start 11 b 2"]],
    ["is stopped and started again", ["end 10 a 2 asked", "start 11 b 3"]],
    ["ends as one that never began", ["end 11 b 2 own:0"]],
  ])("must not be one that %s", (_, lines) => {
    expect(hear(running(), ALONE, ...lines)).not.toEqual([]);
  });

  test.each([
    ["killed", UP, false],
    ["shown with another pid", { ...UP, pid: 11 }, true],
    ["wanted otherwise", { ...UP, want: "down" }, true],
    ["shown with restarts that there were not", { ...UP, restarts: 1 }, true],
    ["in another state", { ...UP, state: "starting" }, true],
  ] as const)("is not %s when all is calm", (_, seen, isAlive) => {
    expect(running().settle(seen, isAlive, ALONE)).not.toBeNull();
  });

  test("is not forgotten while it was backing off", () => {
    const account = running();
    expect(hear(account, ALONE, "end 10 a 2 own:3")).toEqual([]);
    expect(account.settle({ ...UP, state: "failed", pid: null }, false, ALONE)).not.toBeNull();
  });
});

describe("a service that has ended by itself", () => {
  test.each([
    ["always", "own:0", ALONE, true],
    ["always", "own:kill", ALONE, true],
    ["on-failure", "own:3", ALONE, true],
    ["on-failure", "own:0", ALONE, false],
    ["on-failure", "own:0", BLIND, true],
    ["never", "own:3", ALONE, false],
    ["never", "own:3", BLIND, false],
    ["never", "own:3", TOUCHED, true],
  ] as const)("with policy %s and %s may be started again as it may", (policy, how, ...[round, isFine]) => {
    const problems = hear(running({ policy }), round, `end 10 a 2 ${how}`, "start 11 b 3");
    expect(problems.length === 0).toBe(isFine);
  });

  test.each([
    ["never", "own:0", "done", true],
    ["never", "own:0", "failed", false],
    ["never", "own:3", "failed", true],
    ["never", "own:3", "done", false],
    ["on-failure", "own:0", "done", true],
    ["always", "own:0", "done", false],
  ] as const)("with policy %s and %s is %s when all is calm, or not", (policy, how, ...[state, isFine]) => {
    const account = running({ policy });
    expect(hear(account, ALONE, `end 10 a 2 ${how}`)).toEqual([]);
    expect(account.settle({ state, want: "up", pid: null, restarts: 0 }, false, ALONE) === null).toBe(isFine);
  });
});

test("how a run has ended that nobody saw stays unknown, until the next run", () => {
  const done: Seen = { state: "done", want: "up", pid: null, restarts: 0 };
  const failed: Seen = { ...done, state: "failed" };
  const account = running({ policy: "never" });
  expect(hear(account, BLIND, "end 10 a 2 own:0")).toEqual([]);
  expect(account.settle(failed, false, BLIND)).toBeNull();
  expect(account.settle(failed, false, ALONE)).toBeNull();
  expect(hear(account, TOUCHED, "start 11 b 3", "end 11 b 4 own:0")).toEqual([]);
  expect(account.settle(failed, false, TOUCHED)).not.toBeNull();
  expect(account.settle(done, false, TOUCHED)).toBeNull();
});

describe("a promise", () => {
  test("of a stop is kept", () => {
    const account = running();
    expect(hear(account, TOUCHED, "end 10 a 2 asked")).toEqual([]);
    expect(account.settle(DOWN, false, { ...TOUCHED, want: "down" })).toBeNull();
    expect(account.settle({ ...UP, pid: 11 }, false, { ...TOUCHED, want: "down" })).not.toBeNull();
  });

  test("of a start is kept", () => {
    expect(running().settle(DOWN, false, { ...TOUCHED, want: "up" })).not.toBeNull();
  });
});

test("hooks are run around each start", () => {
  const account = new Account(memberOf("web", { hooks: ["before_start", "after_start"] }));
  expect(hear(account, TOUCHED, "note 8 x 1 before_start", "start 10 a 2")).toEqual([]);
  expect(account.settle(UP, true, TOUCHED)).not.toBeNull();
  expect(hear(account, TOUCHED, "note 11 a 3 after_start")).toEqual([]);
  expect(account.settle(UP, true, TOUCHED)).toBeNull();
  expect(hear(account, TOUCHED, "end 10 a 4 own:3", "start 12 b 5")).not.toEqual([]);
});

test("what was stored is given back, unless nobody was there to keep it", () => {
  const lost = ["end 10 a 2 own:kill", "start 11 b 3", "note 11 b 4 lost"];
  expect(hear(running(), ALONE, ...lost)).not.toEqual([]);
  expect(hear(running(), BLIND, ...lost)).toEqual([]);
  const account = running();
  expect(account.settle(UP, true, BLIND)).toBeNull();
  expect(hear(account, ALONE, ...lost)).toEqual([]);
  expect(hear(account, ALONE, "end 11 b 5 own:kill", "start 12 c 6", "note 12 c 7 lost")).not.toEqual([]);
});

test("a note that is not whole is no note", () => {
  expect(() => parseNote("start 10")).toThrow('cannot parse "start 10": it is no note of a service');
});
