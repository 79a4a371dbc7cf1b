import { describe, expect, test } from "bun:test";
import { NO_HOOKS } from "../../src/core/life-policies.ts";
import { millis } from "../../src/core/units.ts";
import { NOTIFIES, ONESHOT, definitionOf, linkedFleet } from "./linked-fleet.ts";

const HOOK = { command: ["/bin/hook"], timeout: millis(1_000) };
const NOTHING = { pathExists: ["/data"], pathMissing: [], fileNotEmpty: [], directoryNotEmpty: [], host: [] };

describe("a start", () => {
  test("brings in what is required, and waits until that is ready", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: NOTIFIES });
    world.start("app");
    expect(world.told()).toBe("app waiting, db starting");
    expect(world.why("app")).toBe('requires "db", which is starting');
    expect(world.record("db").want).toBe("up");
    world.ready("db");
    expect(world.told()).toBe("app up, db up");
  });

  test("waits for a required oneshot until that is done, and not for one that has failed", () => {
    const world = linkedFleet({ app: { requires: ["migrate"] }, migrate: ONESHOT });
    world.start("app");
    expect(world.told()).toBe("app waiting, migrate starting");
    world.exit("migrate", 1);
    expect(world.why("app")).toBe('requires "migrate", which has failed: exited 1');
    world.start("migrate");
    world.exit("migrate", 0);
    expect(world.told()).toBe("app up, migrate done");
  });

  test("of something that requires a oneshot which is done does not run that again", () => {
    const world = linkedFleet({ app: { requires: ["migrate"] }, migrate: ONESHOT });
    world.start("migrate");
    world.exit("migrate", 0);
    world.start("app");
    expect(world.takeStarts()).toEqual(["migrate", "app"]);
    expect(world.told()).toBe("app up, migrate done");
  });

  test("is held back by a requirement that has ended though to end was not its purpose, and starts that again", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: { ...NOTIFIES, restart: { policy: "on-failure" } } });
    world.start("app");
    world.exit("db", 0);
    expect(world.why("app")).toBe('requires "db", which has ended');
    world.enable("app");
    world.ready("db");
    expect(world.takeStarts()).toEqual(["db", "db", "app"]);
  });

  test("brings in what is wanted and waits for it, but goes on when that fails", () => {
    const world = linkedFleet({ app: { wants: ["cache"] }, cache: { ...NOTIFIES, restart: { policy: "never" } } });
    world.start("app");
    expect(world.why("app")).toBe('after "cache", which is starting');
    world.exit("cache", 1);
    expect(world.told()).toBe("app up, cache failed");
  });

  test("brings in what is needed by what is needed, in the order of readiness", () => {
    const world = linkedFleet({
      app: { requires: ["api"] },
      api: { ...NOTIFIES, requires: ["db"], wants: ["cache"] },
      cache: NOTIFIES,
      db: NOTIFIES,
      idle: {},
    });
    world.start("app");
    expect(world.takeStarts().toSorted()).toEqual(["cache", "db"]);
    world.ready("cache");
    expect(world.takeStarts()).toEqual([]);
    expect(world.why("app")).toBe('requires "api", which is waiting');
    world.ready("db");
    expect(world.takeStarts()).toEqual(["api"]);
    world.ready("api");
    expect(world.takeStarts()).toEqual(["app"]);
    expect(world.told("idle")).toBe("idle down");
  });

  test.each([
    ["after", { app: { after: ["net"] }, net: NOTIFIES }],
    ["before", { app: {}, net: { ...NOTIFIES, before: ["app"] } }],
  ])("waits by %s for another one that is being started", (_key, services) => {
    const world = linkedFleet(services);
    world.start("net", "app");
    expect(world.why("app")).toBe('after "net", which is starting');
    world.ready("net");
    expect(world.told()).toBe("app up, net up");
  });

  test("waits by after for nothing that nobody starts, and brings it not in", () => {
    const world = linkedFleet({ app: { after: ["net"] }, net: NOTIFIES });
    world.start("app");
    expect(world.told()).toBe("app up, net down");
  });

  test("is not undone, nor repeated, by the start of what it comes after", () => {
    const world = linkedFleet({ app: { after: ["net"] }, net: NOTIFIES });
    world.start("app", "net");
    expect(world.takeStarts()).toEqual(["app", "net"]);
    world.end("net");
    expect(world.told("app")).toBe("app up");
  });

  test("by hand wakes what an operator has stopped, one by itself does not", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: {} });
    world.stop("db");
    world.enable("app");
    expect(world.why("app")).toBe('requires "db", which was stopped by hand');
    expect(world.record("db").want).toBe("down");
    world.start("app");
    expect(world.told()).toBe("app up, db up");
    expect(world.record("db")).toMatchObject({ want: "up", wantedByHand: true });
  });

  test("by itself does not try again what has failed, one by hand does", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: { restart: { policy: "never" } } });
    world.start("db");
    world.exit("db", 1);
    world.enable("app");
    expect(world.why("app")).toBe('requires "db", which has failed: exited 1');
    world.start("app");
    expect(world.told()).toBe("app up, db up");
  });

  test("waits for a requirement in backoff, says why, and happens by itself once that is up", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: NOTIFIES });
    world.start("app");
    world.exit("db", 1);
    expect(world.why("app")).toBe('requires "db", which is tried again: exited 1');
    expect(world.record("app").state).toMatchObject({ pending: false });
    world.now = 100;
    world.fleet.expire();
    expect(world.record("app").state).toMatchObject({ pending: true });
    world.ready("db");
    expect(world.told()).toBe("app up, db up");
  });

  test("says of a requirement whose condition is not met why that is down", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: { condition: NOTHING } });
    world.perform = (_record, action) =>
      action.tag === "look" ? { tag: "condition-unmet", reason: 'its condition is not met: no "/data"' } : null;
    world.start("app");
    expect(world.why("app")).toBe('requires "db", which is down: its condition is not met: no "/data"');
  });

  test("asks for the requirements again after its before_start hook, which may have taken long", () => {
    const world = linkedFleet({ app: { requires: ["db"], hooks: { ...NO_HOOKS, beforeStart: HOOK } }, db: {} });
    world.start("app");
    expect(world.told()).toBe("app preparing, db up");
    world.exit("db", 1);
    world.fleet.post("app", { tag: "hook-ended", hook: "before_start", failure: null });
    expect(world.told()).toBe("app waiting, db backoff");
  });

  test("at the end of a chain that is stuck tells what it requires, and what that waits for in the end", () => {
    const chain = ["s1", "s2", "s3", "s4"].map((name, index) => [name, { requires: [`s${index}`] }] as const);
    const world = linkedFleet({ ...Object.fromEntries(chain), s0: NOTIFIES });
    world.start("s4");
    expect(world.why("s4")).toBe('requires "s3", which is waiting');
    world.exit("s0", 1);
    const end = 'requires "s0", which is tried again: exited 1';
    expect(["s1", "s2", "s4"].map((name) => world.why(name))).toEqual([
      end,
      `requires "s1", which is waiting: ${end}`,
      `requires "s3", which is waiting: ${end}`,
    ]);
  });

  test("of a long chain takes steps in proportion to its length", () => {
    const length = 500;
    const world = linkedFleet({});
    for (let index = 0; index < length; index++)
      world.fleet.add(definitionOf(`s${index}`, { ...NOTIFIES, requires: index === 0 ? [] : [`s${index - 1}`] }));
    let changes = 0;
    world.onChange = () => void changes++;
    world.start(`s${length - 1}`);
    for (let index = 0; index < length; index++) world.ready(`s${index}`);
    expect(world.told(`s${length - 1}`)).toBe(`s${length - 1} up`);
    expect(changes).toBeLessThan(10 * length);
  });

  test("that waits is called off by a stop, and does not happen later", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: NOTIFIES });
    world.start("app");
    world.stop("app");
    world.ready("db");
    expect(world.told()).toBe("app down, db up");
  });
});

describe("services that conflict", () => {
  test.each([
    ["the one that says so", "old", "new"],
    ["the other one", "new", "old"],
  ])("make way for %s, which starts once they have ended", (_which, first, second) => {
    const world = linkedFleet({ old: {}, new: { conflicts: ["old"] } });
    world.start(first);
    world.start(second);
    expect(world.told(first, second)).toBe(`${first} stopping, ${second} waiting`);
    expect(world.why(second)).toBe(`conflicts with "${first}", which still runs`);
    expect(world.record(second).state).toMatchObject({ pending: true });
    world.end(first);
    expect(world.told(first, second)).toBe(`${first} down, ${second} up`);
  });

  test("make way also where the start is that of something which needs one of them", () => {
    const world = linkedFleet({ old: {}, new: { conflicts: ["old"] }, app: { requires: ["new"] } });
    world.start("old");
    world.start("app");
    world.end("old");
    expect(world.told()).toBe("old down, new up, app up");
  });

  test("do not make way for what needs them itself, which says so and waits for no end that nobody asked for", () => {
    const world = linkedFleet({ old: {}, app: { wants: ["old"] }, new: { wants: ["app"], conflicts: ["old"] } });
    world.start("new");
    expect(world.told()).toBe("old up, app up, new waiting");
    expect(world.record("new").state).toMatchObject({
      reason: 'conflicts with "old", which still runs',
      pending: false,
    });
    world.stop("old");
    world.end("app", "old");
    expect(world.told("old", "new")).toBe("old down, new up");
  });

  test("make way together with those that require them", () => {
    const world = linkedFleet({ old: {}, web: { requires: ["old"] }, new: { conflicts: ["old"] } });
    world.start("web");
    world.start("new");
    expect(world.takeStops()).toEqual(["web"]);
    world.end("web", "old");
    expect(world.told()).toBe("old down, web waiting, new up");
    expect(world.why("web")).toBe('requires "old", which is down');
  });

  test("are not brought back by their own restart policy", () => {
    const world = linkedFleet({ old: {}, new: { conflicts: ["old"] } });
    world.start("old");
    world.exit("old", 1);
    world.start("new");
    expect(world.told()).toBe("old down, new up");
    world.now = 1_000;
    world.fleet.expire();
    expect(world.told()).toBe("old down, new up");
  });
});

describe("a start on behalf of another service", () => {
  test("brings in what is needed, but nothing that an operator has stopped", () => {
    const world = linkedFleet({ alarm: { requires: ["mail"], wants: ["log"] }, mail: {}, log: {} });
    world.stop("log");
    world.fleet.start("alarm");
    expect(world.told()).toBe("alarm up, mail up, log down");
    expect(world.record("alarm")).toMatchObject({ want: "up", wantedByHand: false });
  });

  test("starts at once also what waits for its time", () => {
    const schedule = {
      cron: "@hourly",
      every: null,
      timezone: null,
      jitter: millis(0),
      catchUp: false,
      overlap: "skip",
    } as const;
    const world = linkedFleet({ alarm: { type: "oneshot", schedule } });
    world.enable("alarm");
    expect(world.told()).toBe("alarm waiting");
    world.fleet.start("alarm");
    expect(world.told()).toBe("alarm starting");
  });
});

test("a restart that an operator asks for brings in what is needed like a start, one by itself does not", () => {
  const world = linkedFleet({ app: { requires: ["db"] }, db: {} });
  world.stop("db");
  world.fleet.restart("app", false);
  expect(world.why("app")).toBe('requires "db", which was stopped by hand');
  world.fleet.restart("app", false, true);
  expect(world.told()).toBe("app up, db up");
});
