import { describe, expect, test } from "bun:test";
import { messageOf, newRecord, pidOf } from "../../src/core/service-record.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import { isAtRest } from "../../src/core/service-state.ts";
import { type Instant, type WallTime, millis } from "../../src/core/units.ts";
import { isoOf, viewOf } from "../../src/core/view.ts";
import { literalDefinition } from "./literal-definition.ts";
import { WALL_AT_0, literalFleet } from "./literal-fleet.ts";
import { NOW, PID, STATES, type StateTag } from "./literal-states.ts";

const WALL = Date.parse("2026-03-04T05:06:07.089Z") as WallTime;
const CLOCKS = { now: NOW, wall: WALL };

function recordIn(tag: StateTag, changes: Partial<ServiceRecord> = {}): ServiceRecord {
  return { ...newRecord(literalDefinition({ pidFile: "/run/web.pid" }), WALL), state: STATES[tag], ...changes };
}

/** By state: what operators see of it, whether it counts as ready, its pid, and the message when it has no note. */
const SHOWN: Readonly<Record<StateTag, readonly [string, boolean, number | null, string | null]>> = {
  down: ["down", false, null, null],
  waiting: ["waiting", false, null, "why"],
  preparing: ["starting", false, null, "its before_start hook is at work"],
  launching: ["starting", false, null, null],
  execing: ["starting", false, PID, "exec of pid 7 has not returned yet"],
  starting: ["starting", false, PID, "waiting for the started process to exit"],
  naming: ["starting", false, null, `waiting for "/run/web.pid" to name its main process`],
  up: ["up", true, PID, null],
  leaving: ["stopping", false, PID, "its before_stop hook is at work"],
  stopping: ["stopping", false, PID, "asked to stop, waiting for pid 7"],
  sweeping: ["stopping", false, null, "its main process has ended, waiting for the others of it"],
  cleaning: ["stopping", false, null, "its after_stop hook is at work"],
  stuck: ["failed", false, null, "a process of it cannot be killed"],
  backoff: ["backoff", false, null, "exited 1"],
  done: ["done", true, null, null],
  failed: ["failed", false, null, "exited 1"],
};
const TAGS = Object.keys(SHOWN) as StateTag[];

describe("what is shown of a service", () => {
  test.each(TAGS.map((tag) => [tag] as const))("that is %s", (tag) => {
    const view = viewOf(recordIn(tag), CLOCKS);
    expect([view.state, view.ready, view.pid, view.message]).toEqual([...SHOWN[tag]]);
    expect(pidOf(recordIn(tag))).toBe(SHOWN[tag][2]);
  });

  test.each(["down", "starting", "up", "done", "stuck"] as const)("that is %s has its note, if there is one", (tag) => {
    expect(messageOf(recordIn(tag, { note: "pid 7 cannot be killed" }))).toBe("pid 7 cannot be killed");
  });

  test("does not say when it starts next if a start of it is held back, and says of a schedule that is off that it is", () => {
    const dueAt = WALL;
    expect(viewOf(recordIn("waiting", { dueAt }), CLOCKS).next_start).toBeNull();
    const state = { ...STATES.waiting, on: "schedule" } as const;
    expect(viewOf(recordIn("waiting", { dueAt, state }), CLOCKS).next_start).toBe("2026-03-04T05:06:07.089Z");
    const schedule = {
      cron: null,
      every: millis(1000),
      timezone: null,
      jitter: millis(0),
      catchUp: false,
      overlap: "skip",
    };
    const definition = literalDefinition({ schedule: schedule as never });
    expect(viewOf(recordIn("down", { definition }), CLOCKS).message).toBe("its schedule is off until it is started");
    expect(viewOf(recordIn("down", { definition, want: "up" }), CLOCKS).message).toBeNull();
  });

  test("says that it was killed once it was", () => {
    for (const force of ["overdue", "killed"] as const) {
      const record = recordIn("stopping", { state: { ...STATES.stopping, force } });
      expect(messageOf(record)).toBe("killed, waiting for pid 7 to go");
    }
  });

  test("has every field, null where there is nothing", () => {
    expect(viewOf(recordIn("down"), CLOCKS)).toEqual({
      name: "web",
      description: "",
      type: "simple",
      state: "down",
      want: "down",
      ready: false,
      pid: null,
      since: "2026-03-04T05:06:07.089Z",
      uptime_ms: null,
      restarts: 0,
      last_exit: null,
      next_start: null,
      status: null,
      health: null,
      health_detail: null,
      health_output: null,
      stale: false,
      stale_detail: null,
      well: false,
      message: null,
    });
  });

  test("says when it is started next as a time of day", () => {
    expect(viewOf(recordIn("backoff"), CLOCKS).next_start).toBe("2026-03-04T05:06:07.589Z");
  });

  test("says how long its main process has run, in whole milliseconds and never less than none", () => {
    const uptime = (startedAt: number) => viewOf(recordIn("up", { startedAt: startedAt as Instant }), CLOCKS).uptime_ms;
    expect([uptime(NOW - 1_234.4), uptime(NOW), uptime(NOW + 5)]).toEqual([1_234, 0, 0]);
  });

  test("is stale while another definition waits, or when it is not run again by itself, or if its files have changed", () => {
    const views = [
      viewOf(recordIn("up", { next: literalDefinition() }), CLOCKS),
      viewOf(recordIn("done", { stale: true }), CLOCKS),
      viewOf(recordIn("up", { next: literalDefinition() }), CLOCKS, {
        lastCheck: null,
        isChangedOnDisk: true,
        trouble: null,
      }),
    ];
    expect(views.map(({ stale, stale_detail: detail }) => [stale, detail])).toEqual([
      [true, "it runs with its earlier definition until it ends"],
      [true, "its definition has changed since it was started"],
      [true, "its files have changed since they were read, reload reads them again"],
    ]);
  });

  test("is well when it is up or done, or has nothing to do now", () => {
    const wellTags = TAGS.filter((tag) => viewOf(recordIn(tag), CLOCKS).well);
    expect(wellTags).toEqual(["up", "done"]);
    const waiting = (on: "others" | "schedule" | "socket", reason: string) =>
      viewOf(recordIn("waiting", { state: { ...STATES.waiting, on, reason } }), CLOCKS).well;
    expect([waiting("schedule", ""), waiting("socket", ""), waiting("others", "")]).toEqual([true, true, false]);
    expect(waiting("schedule", "the last run failed: exited 1")).toBe(false);
    const unmet = recordIn("down", { state: { tag: "down", why: "condition", reason: "there is no /dev/sda" } });
    expect(viewOf(unmet, CLOCKS).well).toBe(true);
  });

  test("says that it reads its configuration again, if there is nothing else to say", () => {
    expect(viewOf(recordIn("up", { reloading: true }), CLOCKS)).toMatchObject({
      ready: false,
      message: "reads its configuration again",
    });
    expect(viewOf(recordIn("up", { reloading: true, note: "odd" }), CLOCKS).message).toBe("odd");
  });

  test.each([
    [{ tag: "code", code: 3 }, 3, null],
    [{ tag: "signal", signal: "SIGKILL", dumped: false }, null, "SIGKILL"],
    [{ tag: "unknown" }, null, null],
  ] as const)("tells the exit %j as code and signal", (exit, code, signal) => {
    const lastExit = { at: WALL, exit, reason: "in words" };
    const view = viewOf(recordIn("down", { lastExit }), CLOCKS);
    expect(view.last_exit).toEqual({ at: "2026-03-04T05:06:07.089Z", code, signal, reason: "in words" });
  });

  test("is in UTC with milliseconds", () => expect(isoOf(0 as WallTime)).toBe("1970-01-01T00:00:00.000Z"));
});

describe("only down, done and failed", () => {
  test("are states of rest: stuck is not, though it is shown as failed", () => {
    expect(TAGS.filter((tag) => isAtRest(STATES[tag]))).toEqual(["down", "done", "failed"]);
  });
});

describe("a record", () => {
  test("says since when the service is in the state that operators see", () => {
    const world = literalFleet();
    world.add({ type: "forking" });
    world.now = 1_000;
    world.fleet.want("web", "up", false);
    world.now = 2_000;
    world.exit("web", 0, 1);
    expect(world.record("web")).toMatchObject({ state: { tag: "naming" }, since: WALL_AT_0 + 1_000 });
    world.now = 3_000;
    world.fleet.post("web", { tag: "named", pid: 9 });
    expect(world.record("web")).toMatchObject({ state: { tag: "up" }, since: WALL_AT_0 + 3_000, startedAt: 1_000 });
  });

  test("says since when it is up anew after a restart that took no time", () => {
    const world = literalFleet();
    world.add({ restart: { delay: millis(0) } });
    world.fleet.want("web", "up", false);
    world.now = 5_000;
    world.exit("web", 1);
    expect(world.record("web")).toMatchObject({ state: { tag: "up" }, since: WALL_AT_0 + 5_000, startedAt: 5_000 });
  });

  test("has a start time only while it has a main process", () => {
    const world = literalFleet();
    world.add();
    world.fleet.want("web", "up", false);
    expect(world.record("web").startedAt).toBe(0 as Instant);
    world.exit("web", 1);
    expect(world.record("web").startedAt).toBeNull();
  });

  test("says of the last exit when it was and in words what it was, and that it had to be killed if it had", () => {
    const world = literalFleet();
    world.add({ stop: { timeout: millis(3_000) } });
    world.fleet.want("web", "up", false);
    world.fleet.want("web", "down", true);
    world.now = 3_000;
    world.fleet.expire();
    world.now = 3_500;
    world.fleet.post("web", { tag: "exited", exit: { tag: "signal", signal: "SIGKILL", dumped: false }, survivors: 0 });
    expect(world.record("web").lastExit).toEqual({
      at: (WALL_AT_0 + 3_500) as WallTime,
      exit: { tag: "signal", signal: "SIGKILL", dumped: false },
      reason: "did not stop within 3s: killed by SIGKILL",
    });
  });

  test("remembers who wanted what", () => {
    const world = literalFleet();
    world.add();
    world.fleet.want("web", "up", false);
    expect(world.record("web")).toMatchObject({ want: "up", wantedByHand: false });
    world.fleet.want("web", "down", true);
    expect(world.record("web")).toMatchObject({ want: "down", wantedByHand: true });
    world.fleet.restart("web", false);
    expect(world.record("web")).toMatchObject({ want: "up", wantedByHand: true });
  });

  test("loses its note and its staleness with the next run", () => {
    const world = literalFleet();
    world.add();
    world.fleet.amend("web", { note: "something", stale: true });
    world.fleet.restart("web", false);
    expect(world.record("web")).toMatchObject({ note: null, stale: false });
  });

  test("does not go on saying that a process cannot be killed once it is gone", () => {
    const world = literalFleet();
    world.add();
    world.fleet.want("web", "up", false);
    world.fleet.want("web", "down", false);
    world.perform = (_record, action) => {
      if (action.tag === "report-unkillable") world.fleet.amend("web", { note: "pid 1 cannot be killed" });
      return null;
    };
    for (const now of [10_000, 20_000]) {
      world.now = now;
      world.fleet.expire();
    }
    expect(messageOf(world.record("web"))).toBe("pid 1 cannot be killed");
    world.exit("web", 0);
    expect(world.record("web")).toMatchObject({ state: { tag: "down" }, note: null });
  });

  test("remembers that the service ended because of a relayed signal", () => {
    const world = literalFleet();
    world.add();
    world.fleet.want("web", "up", false);
    world.perform = (_record, action) => (action.tag === "relay" ? { tag: "relayed" } : null);
    world.fleet.post("web", { tag: "reload-asked" });
    world.exit("web", 0);
    expect(world.record("web").endsOnRelay).toBe(true);
    expect(world.performed).toEqual(["web spawn", "web relay", "web note-ended-by-relay"]);
  });
});

test("what waits to be stopped after others says so, and why it failed once it has", () => {
  expect(messageOf(recordIn("up", { held: "stop-asked" }))).toBe("waits until those that require it have stopped");
  expect(messageOf(recordIn("failed", { held: "stop-asked" }))).toBe(messageOf(recordIn("failed")));
});

test("what is written down beside a record is there in what follows, and changes nothing else", () => {
  const world = literalFleet();
  world.add();
  const before = world.record("web");
  world.fleet.annotate("web", "hearing", { address: "@x" });
  expect(world.record("web")).toEqual({ ...before, beside: { hearing: { address: "@x" } } });
  world.fleet.start("web");
  expect(world.record("web")).toMatchObject({ state: { tag: "up" }, beside: { hearing: { address: "@x" } } });
  world.fleet.annotate("web", "hearing", null);
  expect(world.record("web").beside).toEqual({});
});
