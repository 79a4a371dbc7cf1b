import { describe, expect, test } from "bun:test";
import { criticalPathOf } from "../../src/core/critical-path.ts";
import type { ReadyPolicy, SchedulePolicy } from "../../src/core/life-policies.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import { type StartTime, StartTimes } from "../../src/core/start-times.ts";
import { type Instant, millis } from "../../src/core/units.ts";
import type { DefinitionChanges } from "./literal-definition.ts";
import { literalFleet } from "./literal-fleet.ts";

const READY: ReadyPolicy = { method: { tag: "notify" }, timeout: millis(60_000), interval: millis(1_000) };

/** A fleet whose starts are watched. */
function watchedFleet() {
  const world = literalFleet();
  const times = new StartTimes();
  const previous = new Map<string, ServiceRecord>();
  world.onChange = (record) => {
    const { name } = record.definition;
    times.changed(record, previous.get(name) ?? record, world.now as Instant);
    previous.set(name, record);
  };
  const add = (changes: DefinitionChanges): void => {
    const name = world.add(changes);
    previous.set(name, world.record(name));
  };
  const at = (now: number, act: () => void): void => {
    world.now = now;
    act();
  };
  const shown = (name: string): unknown => {
    const time = times.of(name);
    return time === null ? null : [time.askedAt, time.begunAt, time.upAt];
  };
  return { world, fleet: world.fleet, times, add, at, shown };
}

describe("the time of a start", () => {
  test("goes from being asked over the wait for others until it is up", () => {
    const { fleet, add, at, shown } = watchedFleet();
    add({ name: "db", ready: READY });
    add({ name: "web", requires: [{ name: "db", restartWith: false }], ready: READY });
    at(10, () => fleet.want("web", "up", true));
    expect([shown("db"), shown("web")]).toEqual([
      [10, 10, null],
      [10, null, null],
    ]);
    at(50, () => fleet.post("db", { tag: "ready" }));
    expect([shown("db"), shown("web")]).toEqual([
      [10, 10, 50],
      [10, 50, null],
    ]);
    at(70, () => fleet.post("web", { tag: "ready" }));
    expect(shown("web")).toEqual([10, 50, 70]);
  });

  test("begins when it became wanted, though its turn came later", () => {
    const { fleet, add, at, shown } = watchedFleet();
    add({ name: "web" });
    at(5, () => fleet.amend("web", { want: "up" }));
    at(9, () => fleet.enable("web"));
    expect(shown("web")).toEqual([5, 9, 9]);
  });

  test("includes the restarts that it took, and no restart after that changes it", () => {
    const { world, fleet, add, at, shown } = watchedFleet();
    add({ name: "web", ready: READY });
    at(0, () => fleet.want("web", "up", true));
    at(20, () => world.exit("web", 1));
    at(120, () => fleet.expire());
    at(150, () => fleet.post("web", { tag: "ready" }));
    expect(shown("web")).toEqual([0, 0, 150]);
    at(200, () => world.exit("web", 1));
    at(500, () => fleet.expire());
    at(520, () => fleet.post("web", { tag: "ready" }));
    expect(shown("web")).toEqual([0, 0, 150]);
    at(600, () => fleet.restart("web", true));
    at(610, () => world.exit("web", 0));
    at(650, () => fleet.post("web", { tag: "ready" }));
    expect(shown("web")).toEqual([610, 610, 650]);
  });

  test("of a oneshot ends when it is done, also where it then waits for its schedule", () => {
    const { world, fleet, add, at, times } = watchedFleet();
    const schedule: SchedulePolicy = {
      cron: null,
      every: millis(1000),
      timezone: null,
      jitter: millis(0),
      catchUp: false,
      overlap: "skip",
    };
    add({ name: "job", type: "oneshot", schedule });
    at(1, () => {
      fleet.amend("job", { want: "up" });
      fleet.enable("job");
    });
    expect(times.of("job")).toBeNull();
    at(1000, () => fleet.post("job", { tag: "due" }));
    at(1300, () => world.exit("job", 0));
    expect(times.of("job")).toEqual({ askedAt: 1000, begunAt: 1000, upAt: 1300, isCalled: true } as StartTime);
  });

  test("is forgotten with its service", () => {
    const { fleet, add, at, times } = watchedFleet();
    add({ name: "web" });
    at(1, () => fleet.want("web", "up", true));
    times.forget("web");
    expect(times.of("web")).toBeNull();
  });
});

describe("the critical path", () => {
  const time = (askedAt: number, begunAt: number | null, upAt: number | null): StartTime =>
    ({ askedAt, begunAt, upAt, isCalled: false }) as StartTime;

  function path(times: Readonly<Record<string, StartTime>>, earlier: Readonly<Record<string, readonly string[]>>) {
    return criticalPathOf(Object.keys(times), {
      timeOf: (service) => times[service] ?? null,
      earlierThan: (service) => earlier[service] ?? [],
    });
  }

  test("goes back from the last that came up over whatever each has waited for longest", () => {
    const times = {
      db: time(1, 1, 50),
      cache: time(1, 1, 10),
      app: time(1, 50, 90),
      web: time(1, 90, 95),
      x: time(1, 1, 94),
    };
    expect(path(times, { app: ["cache", "db"], web: ["app"] })).toEqual(["db", "app", "web"]);
  });

  test("does not hold what was up before the service was asked to start", () => {
    const times = { db: time(1, 1, 50), web: time(200, 200, 210) };
    expect(path(times, { web: ["db"] })).toEqual(["web"]);
  });

  test("holds nothing that came up after the service had begun, or never", () => {
    const times = { late: time(1, 1, 60), never: time(1, 1, null), web: time(1, 50, 90) };
    expect(path(times, { web: ["late", "never"] })).toEqual(["web"]);
  });

  test("does not end in what a schedule or a connection has started", () => {
    const times = { web: time(1, 1, 2), job: { ...time(500, 500, 900), isCalled: true } };
    expect(path(times, {})).toEqual(["web"]);
  });

  test("is empty where nothing has come up", () => {
    expect(path({ web: time(1, null, null) }, {})).toEqual([]);
    expect(path({}, {})).toEqual([]);
  });

  test("ends even where services wait for each other", () => {
    const times = { a: time(1, 20, 20), b: time(1, 20, 20) };
    expect(path(times, { a: ["b"], b: ["a"] })).toHaveLength(2);
  });
});
