import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SchedulePolicy } from "../../src/core/life-policies.ts";
import { type ScheduleMoment, nextDue, ruleOf } from "../../src/core/schedule.ts";
import { type WallTime, millis } from "../../src/core/units.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const DAILY: SchedulePolicy = {
  cron: "0 3 * * *",
  every: null,
  timezone: "UTC",
  jitter: millis(0),
  catchUp: false,
  overlap: "skip",
};
const QUARTERLY: SchedulePolicy = { ...DAILY, cron: null, every: millis(15 * MINUTE_MS) };

function at(text: string): WallTime {
  return Date.parse(`2026-${text}:00Z`) as WallTime;
}

function dueOf(policy: SchedulePolicy, moment: Partial<ScheduleMoment> & { now: WallTime; last: WallTime }): string {
  const due = nextDue(policy, { zone: "UTC", makesUp: false, ...moment });
  return due === null ? "never" : new Date(due).toISOString().slice(5, 16);
}

describe("a cron schedule is due", () => {
  test("at the first time after now", () => {
    expect(dueOf(DAILY, { now: at("05-10T12:00"), last: at("05-01T03:00") })).toBe("05-11T03:00");
  });

  test("at the first time after the last, however long ago, where that is made up for", () => {
    expect(dueOf(DAILY, { now: at("05-10T12:00"), last: at("05-01T03:00"), makesUp: true })).toBe("05-02T03:00");
    expect(dueOf(DAILY, { now: at("05-10T12:00"), last: at("05-10T03:00"), makesUp: true })).toBe("05-11T03:00");
  });

  test("at no time again for which it has run before the clock was set back", () => {
    expect(dueOf(DAILY, { now: at("05-10T01:00"), last: at("05-10T03:00") })).toBe("05-11T03:00");
  });

  test("as if nothing had run, if the last run was so far ahead that the clock must have been wrong", () => {
    expect(dueOf(DAILY, { now: at("05-10T01:00"), last: at("08-10T03:00") })).toBe("05-10T03:00");
    expect(dueOf(QUARTERLY, { now: at("05-10T01:00"), last: at("08-10T03:07") })).toBe("05-10T01:15");
  });

  test("in its own time zone, or in that of the machine", () => {
    const moment = { now: at("05-10T00:00"), last: at("05-09T00:00"), zone: "Asia/Kathmandu" };
    expect(dueOf(DAILY, moment)).toBe("05-10T03:00");
    expect(dueOf({ ...DAILY, timezone: null }, moment)).toBe("05-10T21:15");
  });
});

describe("a schedule of every so often is due", () => {
  test("on a grid that begins with the last start", () => {
    expect(dueOf(QUARTERLY, { now: at("05-10T12:07"), last: at("05-10T12:07") })).toBe("05-10T12:22");
    expect(dueOf(QUARTERLY, { now: at("05-10T12:21"), last: at("05-10T12:07") })).toBe("05-10T12:22");
    expect(dueOf(QUARTERLY, { now: at("05-10T12:22"), last: at("05-10T12:07") })).toBe("05-10T12:37");
    expect(dueOf(QUARTERLY, { now: at("05-10T18:00"), last: at("05-10T12:07") })).toBe("05-10T18:07");
  });

  test("at the time that was missed, where that is made up for", () => {
    expect(dueOf(QUARTERLY, { now: at("05-10T18:00"), last: at("05-10T12:07"), makesUp: true })).toBe("05-10T12:22");
    expect(dueOf(QUARTERLY, { now: at("05-10T12:10"), last: at("05-10T12:07"), makesUp: true })).toBe("05-10T12:22");
  });

  test("always within two of its intervals, never for the same time again, whatever is done to the clock", () => {
    const time = fc.integer({ min: at("01-01T00:00"), max: at("12-01T00:00") });
    const ahead = fc.integer({ min: -20 * HOUR_MS, max: 20 * HOUR_MS });
    const every = fc.integer({ min: 1000, max: 48 * HOUR_MS });
    fc.assert(
      fc.property(time, ahead, every, (now, by, interval) => {
        const [wall, last] = [now as WallTime, (now + by) as WallTime];
        const policy = { ...QUARTERLY, every: millis(interval) };
        const due = nextDue(policy, { now: wall, last, zone: "UTC", makesUp: false }) ?? 0;
        expect(due).toBeGreaterThan(now);
        expect(due).toBeLessThanOrEqual(now + 2 * interval);
        expect(due).not.toBe(last);
        expect(Math.abs(due - last) % interval).toBe(0);
      }),
    );
  });
});

test("schedules with other times have other rules", () => {
  const policies = [
    DAILY,
    QUARTERLY,
    { ...DAILY, cron: "0 4 * * *" },
    { ...DAILY, timezone: null },
    { ...QUARTERLY, every: millis(1) },
  ];
  expect(new Set(policies.map(ruleOf)).size).toBe(policies.length);
  expect(ruleOf({ ...DAILY, jitter: millis(5), catchUp: true, overlap: "queue" })).toBe(ruleOf(DAILY));
});
