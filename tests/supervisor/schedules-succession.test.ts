import { describe, expect, test } from "bun:test";
import { type ServiceRecord } from "../../src/core/service-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import { type WallTime, millis } from "../../src/core/units.ts";
import { AT_WORK, DAILY, DAY, HOURLY, WAITING, scheduledWorld } from "./scheduled-world.ts";

describe("over the death of the supervisor", () => {
  /** It lives from this time on, with what was written down; `change`: what the record says beyond that. */
  function successorOf(before: ReturnType<typeof scheduledWorld>, start: string, change: Partial<ServiceRecord> = {}) {
    const it = scheduledWorld({ start, memory: new Map(before.memory()) });
    const record = before.records.get("job");
    if (record === undefined) throw new Error("there is no job");
    it.adopt({ ...record, ...change });
    return it;
  }

  /** Since so many minutes; the clocks of a successor begin at 0. */
  const workingSince = (minutes: number): ServiceState =>
    ({ ...AT_WORK, startedAt: -minutes * 60_000 }) as ServiceState;

  test("what was due goes on to be due, as it was shown, chance included", () => {
    const before = scheduledWorld({ chance: 0.5 });
    before.enable("job", { ...DAILY, jitter: millis(3_600_000) });
    const it = successorOf(before, "2026-05-10T12:01");
    expect(it.shown.get("job")).toBe(undefined);
    it.clocks.pass(DAY);
    expect(it.told).toEqual(["job due 05-11T03:30"]);
    expect(it.memory().get("job")?.at).toBe(Date.parse("2026-05-11T03:00:00Z") as WallTime);
  });

  test("a time that came meanwhile is told at once, also without catch_up, and once", () => {
    const before = scheduledWorld();
    before.enable("job", HOURLY);
    const it = successorOf(before, "2026-05-10T15:30");
    expect(it.told).toEqual(["job due 05-10T15:30"]);
    it.end("job");
    expect([it.told.length, it.shown.get("job")]).toEqual([1, "05-10T16:00"]);
  });

  test("a time that the predecessor has told, as the run shows, is not told again", () => {
    const before = scheduledWorld();
    before.enable("job", HOURLY);
    const it = successorOf(before, "2026-05-10T13:01", { state: workingSince(1) });
    it.end("job");
    expect([it.told, it.shown.get("job")]).toEqual([[], "05-10T14:00"]);
    expect(it.memory().get("job")?.at).toBe(Date.parse("2026-05-10T13:00:00Z") as WallTime);
  });

  test.each([
    ["skip", []],
    ["queue", ["job due 05-10T13:01"]],
  ] as const)(
    "a time that came while an earlier run was at work is dealt with as the policy says: %s",
    (overlap, told) => {
      const before = scheduledWorld();
      before.enable("job", { ...HOURLY, overlap });
      const it = successorOf(before, "2026-05-10T13:01", { state: workingSince(30) });
      it.end("job");
      expect(it.told).toEqual([...told]);
    },
  );

  test("what was queued stays queued", () => {
    const before = scheduledWorld();
    before.enable("job", { ...HOURLY, overlap: "queue" });
    before.become("job", { state: AT_WORK });
    before.clocks.pass(60);
    expect(before.records.get("job")?.beside).toMatchObject({ schedule: { queued: true } });
    const it = successorOf(before, "2026-05-10T13:01", { state: workingSince(61) });
    it.end("job");
    expect(it.told).toEqual(["job due 05-10T13:01"]);
  });

  test("one that is off stays off, and begins as usual", () => {
    const before = scheduledWorld();
    before.enable("job", HOURLY);
    before.disable("job");
    const it = successorOf(before, "2026-05-10T13:30");
    expect(it.told).toEqual([]);
    it.become("job", { want: "up", state: WAITING });
    it.clocks.turns();
    expect(it.shown.get("job")).toBe("05-10T14:00");
  });
});
