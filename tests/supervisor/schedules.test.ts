import { describe, expect, test } from "bun:test";
import { millis } from "../../src/core/units.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { AT_WORK, DAILY, DAY, EVERY_HOUR, HOURLY, WAITING, remembered, scheduledWorld } from "./scheduled-world.ts";

describe("a service with a schedule", () => {
  test("is told at each time that is due, and shows the next one meanwhile", () => {
    const { clocks, told, shown, enable, end } = scheduledWorld();
    enable("job", DAILY);
    expect(shown.get("job")).toBe("05-11T03:00");
    clocks.pass(DAY);
    end("job");
    expect([told, shown.get("job")]).toEqual([["job due 05-11T03:00"], "05-12T03:00"]);
    clocks.pass(DAY);
    expect(told).toEqual(["job due 05-11T03:00", "job due 05-12T03:00"]);
  });

  test("is tried again at the next time if its condition was not met", () => {
    const { clocks, told, shown, enable, become } = scheduledWorld();
    enable("job", HOURLY);
    clocks.pass(60);
    become("job", { state: { tag: "down", why: "condition", reason: "there is no disk" } });
    clocks.turns();
    expect(shown.get("job")).toBe("05-10T14:00");
    clocks.pass(60);
    become("job", { state: WAITING });
    clocks.pass(60);
    expect(told).toEqual(["job due 05-10T13:00", "job start-asked 05-10T14:00", "job due 05-10T15:00"]);
  });

  test("runs every so often from its last start, and a start by hand begins anew", () => {
    const { clocks, told, shown, enable, end, become } = scheduledWorld();
    enable("job", EVERY_HOUR);
    clocks.pass(60);
    end("job");
    clocks.pass(20);
    become("job", { state: AT_WORK });
    clocks.pass(1);
    end("job");
    expect([told, shown.get("job")]).toEqual([["job due 05-10T13:00"], "05-10T14:20"]);
    clocks.pass(59);
    expect(told).toEqual(["job due 05-10T13:00", "job due 05-10T14:20"]);
  });

  test("is not started by a time of day any sooner or later because somebody has started it by hand", () => {
    const { clocks, shown, enable, end, become } = scheduledWorld();
    enable("job", HOURLY);
    clocks.pass(20);
    become("job", { state: AT_WORK });
    end("job");
    expect(shown.get("job")).toBe("05-10T13:00");
  });

  test("waits for a time years away without a timer that is longer than a day", () => {
    const { clocks, told, enable } = scheduledWorld();
    enable("job", { ...DAILY, cron: "0 0 29 2 *" });
    for (let day = 0; day < 659; day++) {
      expect(clocks.waiting[0]).toBeLessThanOrEqual(86_400_000);
      clocks.pass(DAY);
    }
    expect(told).toEqual([]);
    clocks.pass(DAY);
    expect(told).toEqual(["job due 02-29T00:00"]);
  });

  test("is put off by a chance time, and the time that is due stays what it is", () => {
    const { clocks, told, shown, enable, end } = scheduledWorld({ chance: 0.5 });
    enable("job", { ...HOURLY, jitter: millis(600_000) });
    expect(shown.get("job")).toBe("05-10T13:05");
    clocks.pass(65);
    end("job");
    expect([told, shown.get("job")]).toEqual([["job due 05-10T13:05"], "05-10T14:05"]);
  });

  test("keeps its chance time when the clock is set", () => {
    const chances = [0.5, 0.9];
    const { clocks, shown, enable } = scheduledWorld({ chance: () => chances.shift() ?? 0 });
    enable("job", { ...HOURLY, jitter: millis(600_000) });
    clocks.set(10);
    clocks.set(-20);
    expect(shown.get("job")).toBe("05-10T13:05");
  });

  test("is left alone while nobody wants it to run, and by a schedule that it has no longer", () => {
    const { clocks, told, shown, enable, disable, become } = scheduledWorld();
    enable("job", HOURLY);
    enable("other", HOURLY);
    disable("job");
    become("other", { definition: literalDefinition({ name: "other" }) });
    clocks.turns();
    expect([shown.get("job"), shown.get("other"), clocks.waiting]).toEqual([null, null, []]);
    clocks.pass(DAY);
    expect(told).toEqual([]);
  });

  test("goes by its new schedule at once, and makes up for nothing that this would have had due", () => {
    const { clocks, told, shown, enable } = scheduledWorld();
    enable("job", { ...DAILY, catchUp: true });
    clocks.pass(60);
    enable("job", { ...DAILY, cron: "0 10 * * *", catchUp: true });
    expect([told, shown.get("job")]).toEqual([[], "05-11T10:00"]);
  });

  test("costs no wake-up and no descriptor while there is none", () => {
    const { clocks, become, saves } = scheduledWorld();
    become("job", { definition: literalDefinition({ name: "job" }), want: "up", state: AT_WORK });
    clocks.turns();
    expect([clocks.isWatched, clocks.waiting, saves]).toEqual([false, [], []]);
  });
});

describe("a time that comes while the run before is still at work", () => {
  test("is left out, which is said once for each run", () => {
    const { clocks, told, reports, enable, end } = scheduledWorld();
    enable("job", HOURLY);
    clocks.pass(4 * 60);
    expect(told).toEqual(["job due 05-10T13:00"]);
    expect(reports).toEqual([expect.stringContaining("2026-05-10T14:00:00.000Z is left out")]);
    end("job");
    expect(told).toHaveLength(1);
    clocks.pass(120);
    expect([told.length, reports.length]).toEqual([2, 2]);
  });

  test("is made up for once when the run has ended, where runs are queued", () => {
    const { clocks, told, reports, enable, end } = scheduledWorld();
    enable("job", { ...HOURLY, overlap: "queue" });
    clocks.pass(3 * 60 + 30);
    expect([told.length, reports]).toEqual([1, []]);
    end("job");
    expect(told).toEqual(["job due 05-10T13:00", "job due 05-10T15:30"]);
    end("job");
    expect(told).toHaveLength(2);
  });

  test("is not made up for after it was stopped", () => {
    const { clocks, told, enable, disable } = scheduledWorld();
    enable("job", { ...HOURLY, overlap: "queue" });
    clocks.pass(3 * 60);
    disable("job");
    enable("job", { ...HOURLY, overlap: "queue" });
    expect(told).toHaveLength(1);
  });
});

describe("when the wall clock is set", () => {
  test("forward over a time that is due, or over many, the service runs once", () => {
    const { clocks, told, shown, enable, end } = scheduledWorld();
    enable("job", HOURLY);
    clocks.set(5 * 60 + 10);
    end("job");
    expect([told, shown.get("job")]).toEqual([["job due 05-10T17:10"], "05-10T18:00"]);
  });

  test("forward, but not over a time that is due, the service runs when the clock shows it", () => {
    const { clocks, told, enable } = scheduledWorld();
    enable("job", DAILY);
    clocks.set(14 * 60);
    clocks.pass(59);
    expect(told).toEqual([]);
    clocks.pass(1);
    expect(told).toEqual(["job due 05-11T03:00"]);
  });

  test("back by hours, the service does not run again for the times that it has run for", () => {
    const { clocks, told, shown, enable, end } = scheduledWorld();
    enable("job", HOURLY);
    for (let hour = 0; hour < 3; hour++) {
      clocks.pass(60);
      end("job");
    }
    clocks.set(-3 * 60);
    expect([clocks.shown, shown.get("job")]).toEqual(["05-10T12:00", "05-10T16:00"]);
    clocks.pass(4 * 60);
    expect(told.slice(3)).toEqual(["job due 05-10T16:00"]);
  });

  test("back, what runs every so often does not wait longer than twice its time", () => {
    const { clocks, told, enable, end } = scheduledWorld();
    enable("job", EVERY_HOUR);
    clocks.pass(60);
    end("job");
    clocks.set(-10 * 60);
    clocks.pass(120);
    expect(told.length).toBeGreaterThanOrEqual(2);
  });

  test("right after it has been a year ahead, the service runs as if nothing had been", () => {
    const { clocks, told, enable, end } = scheduledWorld();
    enable("job", DAILY);
    clocks.set(365 * DAY);
    end("job");
    clocks.pass(DAY);
    end("job");
    clocks.set(-365 * DAY);
    clocks.pass(DAY);
    expect(told).toHaveLength(3);
    expect(told.at(-1)).toBe("job due 05-12T03:00");
  });

  test("back and nobody tells, a timer that comes too early waits again", () => {
    const { clocks, told, enable } = scheduledWorld();
    enable("job", HOURLY);
    clocks.setInSilence(-30);
    clocks.pass(60);
    expect(told).toEqual([]);
    clocks.pass(30);
    expect(told).toEqual(["job due 05-10T13:00"]);
  });
});

test("a machine that has slept over a time runs the service when it wakes, once", () => {
  const { clocks, told, enable, end } = scheduledWorld();
  enable("job", HOURLY);
  clocks.sleep(8 * 60 + 30);
  end("job");
  expect(told).toEqual(["job due 05-10T20:30"]);
  clocks.pass(30);
  expect(told).toEqual(["job due 05-10T20:30", "job due 05-10T21:00"]);
});

describe("after a time in which no supervisor ran", () => {
  test("a run that was missed is made up for once, where the definition says so", () => {
    const { clocks, told, shown, enable, end } = scheduledWorld({ memory: remembered("05-07T03:00", DAILY) });
    enable("job", { ...DAILY, catchUp: true });
    end("job");
    expect([told, shown.get("job")]).toEqual([["job due 05-10T12:00"], "05-11T03:00"]);
    clocks.pass(60);
    expect(told).toHaveLength(1);
  });

  test.each([
    ["the definition does not say so", DAILY, remembered("05-07T03:00", DAILY)],
    ["nothing was missed", { ...DAILY, catchUp: true }, remembered("05-10T03:00", DAILY)],
    ["the schedule was another one", { ...DAILY, catchUp: true }, remembered("05-07T03:00", HOURLY)],
    ["it has never run", { ...DAILY, catchUp: true }, new Map()],
  ])("nothing is made up for if %s", (_why, schedule, memory) => {
    const { told, shown, enable } = scheduledWorld({ memory });
    enable("job", schedule);
    expect([told, shown.get("job")]).toEqual([[], "05-11T03:00"]);
  });

  test("what was missed is put off by a chance time as well", () => {
    const { shown, enable } = scheduledWorld({ memory: remembered("05-07T03:00", DAILY), chance: 0.5 });
    enable("job", { ...DAILY, catchUp: true, jitter: millis(600_000) });
    expect(shown.get("job")).toBe("05-10T12:05");
  });

  test("and after one in which the service was stopped, a run is made up for as well", () => {
    const { clocks, told, enable, disable, become, end } = scheduledWorld();
    const schedule = { ...DAILY, catchUp: true };
    enable("job", schedule);
    become("job", { state: AT_WORK });
    end("job");
    disable("job");
    clocks.pass(3 * DAY);
    enable("job", schedule);
    expect(told).toEqual(["job due 05-13T12:00"]);
  });

  test("the grid of what runs every so often goes on", () => {
    const { shown, enable } = scheduledWorld({ memory: remembered("05-10T10:20", EVERY_HOUR) });
    enable("job", EVERY_HOUR);
    expect(shown.get("job")).toBe("05-10T12:20");
  });

  test("nothing runs for a time again although the clock was set back meanwhile", () => {
    const { shown, enable } = scheduledWorld({ memory: remembered("05-10T14:00", HOURLY) });
    enable("job", HOURLY);
    expect(shown.get("job")).toBe("05-10T15:00");
  });

  test("a start by hand makes up for what was missed", () => {
    const { told, become, clocks } = scheduledWorld({ memory: remembered("05-07T03:00", DAILY) });
    const definition = literalDefinition({ name: "job", type: "oneshot", schedule: { ...DAILY, catchUp: true } });
    become("job", { definition, want: "up", state: AT_WORK });
    clocks.turns();
    become("job", { state: WAITING });
    clocks.turns();
    expect(told).toEqual([]);
  });
});

describe("what is remembered", () => {
  test("is when a schedule was first seen, then the last time that was due, and nothing of services that are gone", () => {
    const { clocks, memory, schedules, enable } = scheduledWorld();
    enable("job", DAILY);
    expect(memory()).toEqual(remembered("05-10T12:00", DAILY));
    clocks.pass(DAY);
    expect(memory()).toEqual(remembered("05-11T03:00", DAILY));
    schedules.forgotten("job");
    clocks.turns();
    expect(memory()).toEqual(new Map());
  });

  test("is written once for all that is due at the same time", () => {
    const { clocks, saves, enable } = scheduledWorld();
    for (let number = 0; number < 100; number++) enable(`job-${number}`, HOURLY);
    const before = saves.length;
    clocks.pass(60);
    expect(saves.length - before).toBe(1);
  });
});
