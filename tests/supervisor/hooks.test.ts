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
    commands: { run: () => ({ tag: "failed", reason: "no" }), left: { claim: () => null } },
    record: () => null,
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

describe("over the death of the supervisor", () => {
  const hook = (name: string) => ({ command: [`/bin/${name}`], timeout: millis(1000) });
  const hooked = literalDefinition({
    hooks: {
      beforeStart: hook("before_start"),
      afterStart: hook("after_start"),
      beforeStop: hook("before_stop"),
      afterStop: hook("after_stop"),
      onFailure: { tag: "command", hook: hook("on_failure") },
    },
  });
  const run = { streak: FRESH_STREAK, startedAt: 0 as Instant, pid: 7 };
  const cases: readonly (readonly [string, ServiceState])[] = [
    ["before_start", PREPARING],
    ["after_start", { tag: "starting", phase: "hook", ...run, readyBy: null }],
    ["before_stop", { tag: "leaving", ...run, afterwards: { tag: "rest" } }],
    ["after_stop", { tag: "cleaning", streak: FRESH_STREAK, afterwards: { tag: "rest" } }],
  ];

  /** `left`: what a predecessor has begun. */
  function successor(state: ServiceState, left: readonly string[]) {
    const timers = new LiteralTimers();
    const record = { ...newRecord(hooked, timers.wall()), state };
    const [begun, told, reports, killed]: string[][] = [[], [], [], []];
    const claimed = new Map<string, (failure: string | null, isKnown: boolean) => void>();
    const world = { record };
    const hooks = new Hooks({
      timers,
      clock: timers,
      commands: {
        run({ kind }) {
          begun?.push(kind);
          return { tag: "started", kill: () => void killed?.push(kind) };
        },
        left: {
          claim(_service, kind, done) {
            if (!left.includes(kind) || claimed.has(kind)) return null;
            claimed.set(kind, done);
            return { tag: "started", kill: () => void killed?.push(kind) };
          },
        },
      },
      record: () => world.record,
      report: (severity, message) => void reports?.push(`${severity}: ${message}`),
      tell: (_service, event) =>
        void told?.push(event.tag === "hook-ended" ? `${event.hook} ${event.failure}` : event.tag),
      newInvocation: () => "an-invocation",
      intend: () => {},
      start: () => {},
      isComing: () => false,
    });
    hooks.adopted(record, null);
    return { ...{ timers, hooks, begun, told, reports, killed, claimed, world } };
  }

  test.each(cases)("a %s hook that is at work is waited for, and started no second time", (name, state) => {
    const it = successor(state, [name]);
    it.hooks.run(it.world.record, name as "before_start", null);
    it.timers.turns();
    it.claimed.get(name)?.("exited 3", true);
    expect([it.begun, it.told, it.reports]).toEqual([[], [`${name} exited 3`], [`warning: web: ${name}: exited 3`]]);
  });

  test.each(cases)("a %s hook that is due and of which nothing is known is run", (name, state) => {
    const it = successor(state, []);
    it.timers.turns();
    expect(it.begun).toEqual([name]);
  });

  test.each(cases)("a %s hook whose end nobody can tell is run again, or taken for done", (name, state) => {
    const it = successor(state, [name]);
    it.timers.turns();
    it.claimed.get(name)?.("ended with an unknown status", false);
    const isAgain = name === "before_start" || name === "after_stop";
    expect([it.begun, it.told]).toEqual(isAgain ? [[name], []] : [[], [`${name} null`]]);
    expect(it.reports).toHaveLength(1);
  });

  test("one that is being called off is killed", () => {
    const it = successor({ ...PREPARING, afterwards: { tag: "rest" } } as ServiceState, ["before_start"]);
    it.timers.turns();
    expect(it.killed).toEqual(["before_start"]);
  });

  test("none is run where the service has gone on meanwhile", () => {
    const it = successor(PREPARING, []);
    it.world.record = { ...it.world.record, state: UP };
    it.timers.turns();
    expect(it.begun).toEqual([]);
  });

  test("a command of on_failure that is at work is waited for, beside no other one", () => {
    const it = successor(UP, ["on_failure"]);
    it.hooks.failed(it.world.record, ENDING);
    expect(it.begun).toEqual([]);
    it.claimed.get("on_failure")?.("exited 1", true);
    it.hooks.failed(it.world.record, ENDING);
    expect([it.begun, it.reports]).toEqual([["on_failure"], ["warning: web: on_failure: exited 1"]]);
  });
});
