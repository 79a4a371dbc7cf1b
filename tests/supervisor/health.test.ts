import { describe, expect, test } from "bun:test";
import type { HealthPolicy, ReadyPolicy } from "../../src/core/life-policies.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import { type Instant, millis } from "../../src/core/units.ts";
import { Health } from "../../src/supervisor/health.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { STATES } from "../core/literal-states.ts";
import { LiteralCheckedLife } from "./literal-checked-life.ts";

const POLICY: HealthPolicy = {
  check: { tag: "http", url: "http://127.0.0.1:80/" },
  interval: millis(10_000),
  timeout: millis(1_000),
  failures: 3,
  successes: 2,
  startPeriod: millis(0),
  action: "restart",
};
const READY: ReadyPolicy = { method: { tag: "notify" }, timeout: millis(1), interval: millis(1) };

/** A service with such checks, which comes up at once unless `isUp` is false. */
function health(change: Partial<HealthPolicy> = {}, { isUp = true, ready = READY as ReadyPolicy | null } = {}) {
  const definitionOf = (policy: HealthPolicy | null) => literalDefinition({ health: policy, ready });
  const life = new LiteralCheckedLife(definitionOf({ ...POLICY, ...change }));
  const reports: string[] = [];
  const events: (string | null)[] = [];
  const companion = new Health({
    clock: life.timers,
    timers: life.timers,
    checks: life.checks,
    tell: life.tell,
    amend: life.amend,
    report: (severity, message) => void reports.push(`${severity}: ${message}`),
    events: { emit: ({ event, message }) => void (event === "health" && events.push(message)) },
  });
  life.companion = companion;
  if (isUp) life.enter(STATES.up);
  return Object.assign(life, {
    health: companion,
    reports,
    events,
    /** Its policy is another one from now on; null: there is none. */
    adjust: (policy: Partial<HealthPolicy> | null): void =>
      life.redefine(definitionOf(policy === null ? null : { ...POLICY, ...change, ...policy })),
    /** Checks one after the other, each "+" a good one and "-" a failed one. */
    checkAll(outcomes: string): void {
      for (const outcome of outcomes) life.check(outcome === "+");
    },
  });
}

describe("checks", () => {
  test("begin when the service is up, each some time after the end of the one before", () => {
    const life = health({}, { isUp: false });
    for (const state of [STATES.launching, STATES.starting]) life.enter(state);
    expect(life.begun).toEqual([]);
    life.enter(STATES.up);
    expect([life.isChecking, life.record.health]).toEqual([true, "starting"]);
    life.timers.time += 700;
    life.check(true);
    expect([life.isChecking, life.timers.waiting]).toEqual([false, [10_000]]);
    life.timers.fire();
    expect([life.isChecking, life.timers.time]).toEqual([true, 10_700]);
  });

  test.each([
    [false, 0, false],
    [true, 0, true],
    [false, 5_000, true],
  ])("begin at once only where that can do no harm: [ready] %p, start period %p", (isReadied, startPeriod, atOnce) => {
    const life = health({ startPeriod: millis(startPeriod) }, { ready: isReadied ? READY : null });
    expect(life.isChecking).toBe(atOnce);
    if (!atOnce) expect(life.timers.waiting).toEqual([10_000]);
  });

  test("are made with the policy's time limit, for the main process", () => {
    const [request] = health().begun;
    expect([request?.check, request?.timeout, request?.mainPid]).toEqual([POLICY.check, 1_000, 7]);
  });

  test.each(["leaving", "stopping", "sweeping", "backoff", "failed", "down"] as const)(
    "end as soon as it is %s, with the one that is going on",
    (tag) => {
      const life = health();
      life.enter(STATES[tag]);
      expect([life.isChecking, life.calledOff, life.timers.waiting]).toEqual([false, 1, []]);
    },
  );

  test("end with the service or the supervisor", () => {
    for (const over of [(life: Health) => life.forgotten("web"), (life: Health) => life.close()]) {
      const life = health();
      over(life.health);
      expect([life.isChecking, life.timers.waiting]).toEqual([false, []]);
    }
  });
});

describe("a service whose checks fail", () => {
  test("is unhealthy after so many in a row, and is told to be restarted", () => {
    const life = health();
    life.checkAll("+--");
    expect([life.record.health, life.told]).toEqual(["healthy", []]);
    life.checkAll("+---");
    const reason = "unhealthy: connection refused (3 checks in a row have failed)";
    expect(life.record.health).toBe("unhealthy");
    expect(life.told).toEqual([{ tag: "unhealthy", action: "restart", reason }]);
    expect(life.reports.at(-1)).toBe(`warning: web: ${reason}`);
  });

  test("is told to be stopped if its policy says so", () => {
    const life = health({ action: "stop", failures: 1 });
    life.checkAll("-");
    expect(life.told).toEqual([{ tag: "unhealthy", action: "stop", reason: "unhealthy: connection refused" }]);
  });

  test("is only reported if its policy says so, once when it falls ill and once when it recovers", () => {
    const life = health({ action: "report" });
    life.checkAll("+------+-++++---");
    expect(life.told).toEqual([]);
    const ill = "unhealthy: connection refused (3 checks in a row have failed)";
    expect(life.events).toEqual(["healthy", ill, "healthy again", ill]);
    expect(life.reports).toEqual([
      "debug: web: healthy",
      `warning: web: ${ill}`,
      "notice: web: healthy again",
      `warning: web: ${ill}`,
    ]);
  });

  test("is told of once, even if it goes on", () => {
    const life = health();
    life.checkAll("------");
    expect(life.told).toHaveLength(1);
  });

  test("begins anew with its next run", () => {
    const life = health();
    life.checkAll("--");
    life.enter(STATES.backoff);
    life.enter(STATES.up);
    expect(life.record.health).toBe("starting");
    life.checkAll("--");
    expect(life.told).toEqual([]);
  });
});

describe("failed checks do not count", () => {
  test("in the start period, but after it, and after the first good one", () => {
    const life = health({ startPeriod: millis(25_000) });
    life.checkAll("---");
    expect([life.timers.time, life.record.health]).toEqual([20_000, "starting"]);
    life.checkAll("--");
    expect([life.timers.time, life.told]).toEqual([40_000, []]);
    life.checkAll("-");
    expect(life.told).toHaveLength(1);

    const good = health({ startPeriod: millis(1_000_000) });
    good.checkAll("-----+---");
    expect(good.told).toHaveLength(1);
  });

  test("while it reads its configuration again", () => {
    const life = health({ failures: 1 });
    life.enter(STATES.up, { reloading: true });
    life.checkAll("----");
    expect([life.told, life.record.health]).toEqual([[], "starting"]);
    life.enter(STATES.up, { reloading: false });
    life.checkAll("-");
    expect(life.told).toHaveLength(1);
  });

  test("if it read its configuration at any moment of the check", () => {
    const life = health({ failures: 1 });
    life.enter(STATES.up, { reloading: true });
    life.enter(STATES.up, { reloading: false });
    life.check(false);
    expect(life.told).toEqual([]);
    life.check(false);
    expect(life.told).toHaveLength(1);
  });

  test("for some seconds after SIGHUP was passed on to it", () => {
    const life = health({ failures: 1, interval: millis(4_000) });
    life.enter({ ...STATES.up, relayedAt: 0 as Instant });
    life.check(false);
    life.check(false);
    expect([life.timers.time, life.told]).toEqual([4_000, []]);
    life.check(false);
    expect([life.timers.time, life.told.length]).toEqual([8_000, 1]);
  });

  test("while it waits for others to stop before it", () => {
    const life = health({ failures: 1 });
    life.enter(STATES.up, { held: "stop-asked" });
    life.checkAll("--");
    expect(life.told).toEqual([]);
  });
});

describe("a policy that changes", () => {
  test("counts at once, with what has been found before", () => {
    const life = health();
    life.checkAll("+--");
    life.adjust({ failures: 5, interval: millis(500) });
    expect([life.isChecking, life.record.health]).toEqual([true, "healthy"]);
    life.check(false);
    expect(life.timers.waiting).toEqual([500]);
    life.checkAll("-");
    expect(life.told).toEqual([]);
    life.checkAll("-");
    expect(life.told).toHaveLength(1);
  });

  test("begins anew if something else is asked", () => {
    const life = health();
    life.checkAll("+--");
    const check = { tag: "tcp", host: "127.0.0.1", port: 81 } as const;
    life.adjust({ check });
    expect([life.record.health, life.begun.at(-1)?.check]).toEqual(["starting", check]);
    life.checkAll("--");
    expect(life.told).toEqual([]);
  });

  test("ends the check that is going on", () => {
    const life = health();
    life.adjust({ timeout: millis(5_000) });
    expect([life.calledOff, life.begun.at(-1)?.timeout]).toEqual([1, 5_000]);
  });

  test("does nothing if it is what it was", () => {
    const life = health();
    life.adjust({});
    expect([life.calledOff, life.begun.length]).toEqual([0, 1]);
  });

  test("ends the checks when it is gone, and what was known of them", () => {
    const life = health();
    life.checkAll("+");
    life.adjust(null);
    expect([life.record.health, life.health.lastOf("web"), life.timers.waiting]).toEqual([null, null, []]);
  });

  test("begins to be checked when it is there", () => {
    const life = health();
    life.adjust(null);
    life.adjust({});
    expect([life.isChecking, life.record.health]).toEqual([true, "starting"]);
  });
});

test("what the last check found is kept until the next run is up", () => {
  const life = health();
  expect(life.health.lastOf("web")).toBeNull();
  life.check(false, "exited 1: no such table", "x\nno such table\n");
  const found = { ok: false, detail: "exited 1: no such table", output: "x\nno such table\n" };
  expect(life.health.lastOf("web")).toEqual(found);
  for (const state of [STATES.stopping, STATES.backoff, STATES.launching] as const satisfies readonly ServiceState[])
    life.enter(state);
  expect(life.health.lastOf("web")).toEqual(found);
  life.enter(STATES.up);
  expect(life.health.lastOf("web")).toBeNull();
});

test("a service without checks has no health", () => {
  const life = new LiteralCheckedLife(literalDefinition({ health: null }));
  life.companion = health().health;
  life.enter(STATES.up);
  expect([life.record.health, life.begun]).toEqual([null, []]);
});

describe("over the death of the supervisor", () => {
  function successorOf(before: ReturnType<typeof health>, change: Partial<HealthPolicy> = {}) {
    const life = health(change, { isUp: false });
    life.timers.time = before.timers.time;
    life.adopt(before.record);
    return life;
  }

  test("checks go on after an interval, what was known is shown, and counting begins anew", () => {
    const before = health();
    before.checkAll("+--");
    const life = successorOf(before);
    expect([life.isChecking, life.timers.waiting, life.record.health]).toEqual([false, [10_000], "healthy"]);
    life.checkAll("--");
    expect(life.told).toEqual([]);
    life.checkAll("-");
    expect([life.told.map(({ tag }) => tag), life.record.health]).toEqual([["unhealthy"], "unhealthy"]);
  });

  test("one that was unhealthy, and of which nobody may have been told, is told of again if it still is, or gets well", () => {
    for (const [outcomes, told, words] of [
      ["---", ["unhealthy"], []],
      ["+", [], ["notice: web: healthy again"]],
    ] as const) {
      const before = health();
      before.checkAll("---");
      const life = successorOf(before);
      expect(life.record.health).toBe("unhealthy");
      life.checkAll(outcomes);
      expect(life.told.map(({ tag }) => tag)).toEqual([...told]);
      if (words.length > 0) expect(life.reports).toEqual([...words]);
    }
  });

  test("the start period goes on from when the service came up", () => {
    const change = { startPeriod: millis(15_000) };
    const before = health(change);
    before.record = { ...before.record, since: before.timers.wall() };
    before.timers.time += 9_000;
    const life = successorOf(before, change);
    life.checkAll("-");
    expect(life.told).toEqual([]);
    life.checkAll("---");
    expect(life.told.map(({ tag }) => tag)).toEqual(["unhealthy"]);
  });

  test("one that is not up, or has no checks, is not checked", () => {
    const before = health({}, { isUp: false });
    before.enter(STATES.starting);
    expect(successorOf(before).timers.waiting).toEqual([]);
  });
});
