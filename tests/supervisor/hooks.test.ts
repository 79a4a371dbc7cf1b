import { describe, expect, test } from "bun:test";
import { newRecord } from "../../src/core/service-record.ts";
import { NO_HOOKS } from "../../src/core/life-policies.ts";
import { FRESH_STREAK, type Ending, type ServiceState } from "../../src/core/service-state.ts";
import { type Instant, millis } from "../../src/core/units.ts";
import { Hooks } from "../../src/supervisor/hooks.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { LiteralTimers } from "./literal-timers.ts";

const WEB = literalDefinition({ hooks: { ...NO_HOOKS, onFailure: { tag: "start", service: "alarm" } } });
const ALARM = literalDefinition({ name: "alarm" });
const ENDING: Ending = { exit: { tag: "code", code: 1 }, result: "exit", length: millis(0), reason: "exited 1" };
const UP: ServiceState = { tag: "up", streak: FRESH_STREAK, startedAt: 0 as Instant, pid: 7, relayedAt: null };
const PREPARING: ServiceState = {
  tag: "preparing",
  doing: "hook",
  streak: FRESH_STREAK,
  automatic: false,
  startedAt: 0 as Instant,
  afterwards: null,
};

/** Hooks of a service that has failed, and for which another one is started; that one is coming, or it is not. */
function failedWhile(isComing: boolean): { readonly hooks: Hooks; readonly told: () => string | undefined } {
  const timers = new LiteralTimers();
  const hooks = new Hooks({
    timers,
    clock: timers,
    commands: { run: () => ({ tag: "failed", reason: "no" }) },
    report: () => {},
    tell: () => {},
    newInvocation: () => "an-invocation",
    intend: () => {},
    start: () => {},
    isComing: () => isComing,
  });
  hooks.failed(newRecord(WEB, timers.wall()), ENDING);
  timers.turns();
  return { hooks, told: () => hooks.equip(ALARM, "run-1").env["MONITOR_UNIT"] };
}

describe("what a service that is started for a failure is told of it", () => {
  const record = newRecord(ALARM, 0 as never);

  test("is told to the run that was meant, and to no later one", () => {
    const { told } = failedWhile(true);
    expect([told(), told()]).toEqual(["web", undefined]);
  });

  test("is told to no other start if it runs already, or is not started", () => {
    expect(failedWhile(false).told()).toBeUndefined();
  });

  test("waits with it for what it needs, and is forgotten with the start", () => {
    const { hooks, told } = failedWhile(true);
    hooks.changed({ ...record, want: "up", state: PREPARING }, { ...record, want: "up" });
    hooks.changed({ ...record, want: "up" }, { ...record, want: "up", state: PREPARING });
    expect(told()).toBeUndefined();
    const other = failedWhile(true);
    other.hooks.changed({ ...record, want: "down", state: UP }, { ...record, want: "up", state: UP });
    expect(other.told()).toBeUndefined();
  });
});
