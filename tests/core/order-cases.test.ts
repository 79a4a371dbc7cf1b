/* What the simulation has found in the order of starts and stops: each was wrong once. */
import { describe, expect, test } from "bun:test";
import { NO_HOOKS } from "../../src/core/life-policies.ts";
import { millis } from "../../src/core/units.ts";
import { EVENTS, STATES, contextOf, told } from "./literal-states.ts";
import { type LinkedFleet, NOTIFIES, definitionOf, linkedFleet } from "./linked-fleet.ts";

const NO_CONDITIONS = { pathExists: [], pathMissing: [], fileNotEmpty: [], directoryNotEmpty: [], host: [] };
const ON_DEMAND = {
  name: "s",
  listen: { tag: "unix", path: "/run/s.sock" },
  backlog: 1,
  reusePort: false,
  mode: 0o600,
  owner: null,
  group: null,
  onDemand: true,
} as const;
const HOOK = { command: ["/bin/hook"], timeout: millis(3_600_000) };

describe("a stop that is held", () => {
  function held(): LinkedFleet {
    const world = linkedFleet({ db: {}, app: { requires: ["db"] }, web: { requires: ["db"] } });
    world.start("app");
    world.stop("db");
    world.takeStops();
    return world;
  }

  test("is not carried out any more once the start of another one brings the service in again", () => {
    const world = held();
    world.start("web");
    world.end("app");
    expect(world.told()).toBe("db up, app up, web up");
    expect(world.takeStops()).toEqual([]);
  });

  test("is not carried out any more once the service itself is started again", () => {
    const world = held();
    world.start("db");
    world.end("app");
    expect(world.told("db", "app")).toBe("db up, app up");
  });

  test("is not carried out any more once a service that has failed meanwhile is wanted by another one", () => {
    const world = linkedFleet({
      db: { restart: { policy: "never" } },
      app: { requires: ["db"] },
      rival: { conflicts: ["db"] },
      web: { wants: ["db"] },
    });
    world.start("app", "rival");
    world.exit("db", 1);
    world.enable("web");
    world.end("app");
    expect(world.told("db")).toBe("db failed");
    expect(world.record("db")).toMatchObject({ want: "up", held: null });
  });

  test("lets nobody start the service before it is carried out", () => {
    // It has crashed meanwhile, and is to be started again at once.
    const world = linkedFleet({ db: { restart: { delay: millis(0) } }, app: { requires: ["db"] } });
    world.start("app");
    world.stop("db");
    world.takeStarts();
    world.exit("db", 1);
    expect(world.told("db")).toBe("db down");
    world.end("app");
    expect(world.takeStarts()).toEqual([]);
    expect(world.told()).toBe("db down, app waiting");
  });

  test("lets nobody start the service before it is carried out, where it is still wanted", () => {
    const world = linkedFleet({ db: { restart: { delay: millis(0) } }, app: { requires: ["db"] } });
    world.start("app");
    world.fleet.stop("db");
    world.takeStarts();
    world.exit("db", 1);
    expect(world.why("db")).toBe("it is to be stopped");
    world.end("app");
    expect(world.takeStarts()).toEqual([]);
    expect(world.told("db")).toBe("db down");
  });

  test("is not started by the restart that waits if it is reset meanwhile, as nobody wants it any more", () => {
    const world = linkedFleet({ db: { restart: { policy: "never" } }, app: { requires: ["db"] } });
    world.start("app");
    world.fleet.restart("db", true);
    world.exit("db", 0);
    world.fleet.post("db", { tag: "reset-asked" });
    world.end("app");
    expect(world.told()).toBe("db down, app waiting");
  });

  test("is forgotten with the removal that it came from, if the service is defined again", () => {
    const world = linkedFleet({ db: {}, app: { requires: ["db"] } });
    world.start("app");
    world.fleet.remove("db");
    world.fleet.redefine("db", definitionOf("db", {}), "restart");
    world.fleet.amend("db", { want: "up" });
    // The turn of its start has not come yet.
    world.end("app");
    expect(world.told()).toBe("db up, app up");
    world.enable("db");
    expect(world.record("db")).toMatchObject({ held: null, removed: false });
    expect(world.forgotten).toEqual([]);
  });

  test("is not turned into a restart by a reload that comes meanwhile", () => {
    const world = linkedFleet({ db: { reload: { action: "restart" } }, app: { requires: ["db"] } });
    world.start("app");
    world.stop("db");
    world.fleet.post("db", { tag: "reload-asked" });
    world.end("app", "db");
    expect(world.told()).toBe("db down, app waiting");
  });
});

test("a restart that waits for those that require it is carried out, though its condition was not met meanwhile and it was reset", () => {
  const world = linkedFleet({ db: { sockets: [ON_DEMAND], condition: NO_CONDITIONS }, app: { requires: ["db"] } });
  world.start("app");
  world.fleet.post("db", { tag: "demanded" });
  world.fleet.restart("db", true);
  expect([world.told(), world.record("db").held]).toEqual(["db preparing, app stopping", "restart-asked"]);
  world.fleet.post("db", { tag: "condition-unmet", reason: "no /data" });
  world.fleet.post("db", { tag: "reset-asked" });
  expect(world.told()).toBe("db down, app stopping");
  world.end("app");
  expect(world.told()).toBe("db preparing, app waiting");
});

test("of rivals that make way none is started in between, though another one of them stood in its way", () => {
  const world = linkedFleet({
    slow: NOTIFIES,
    first: { requires: ["slow"] },
    second: { after: ["first"] },
    new: { conflicts: ["first", "second"] },
  });
  world.start("first", "second");
  expect(world.told("first", "second")).toBe("first waiting, second waiting");
  world.takeStarts();
  world.start("new");
  expect(world.takeStarts()).toEqual(["new"]);
  expect(world.told("first", "second")).toBe("first down, second down");
});

test("a service that is not wanted any more is not started because something has gone out of its way", () => {
  const world = linkedFleet({ db: NOTIFIES, app: { requires: ["db"] } });
  world.start("app");
  world.fleet.amend("app", { want: "down" });
  world.ready("db");
  expect(world.why("app")).toBe("it is not wanted any more");
});

test("the starter of a daemon that says it is ending takes the daemon with it, also with stop.scope main", () => {
  const context = contextOf({ type: "forking", stop: { scope: "main" } });
  const ending = STATES.starting;
  expect(told(ending, EVENTS["says-stopping"], context)).toBe("stopping 7 asked, judge-exit");
  const world = linkedFleet({ web: { type: "forking", stop: { scope: "main" }, restart: { delay: millis(0) } } });
  world.start("web");
  world.takeStarts();
  world.fleet.post("web", { tag: "says-stopping" });
  world.exit("web", 0, 1);
  expect(world.told()).toBe("web sweeping");
  expect(world.takeStarts()).toEqual([]);
  world.fleet.post("web", { tag: "emptied" });
  expect(world.takeStarts()).toEqual(["web"]);
});

describe("a long start that fails is no long run:", () => {
  const PATIENT = { restart: { resetAfter: millis(10_000) } } as const;

  /** The failures in a row after two starts, each ended by `fail` an hour after it began. */
  function failuresOf(world: LinkedFleet, fail: () => void): number {
    world.start("web");
    for (const time of [1, 2]) {
      world.now = time * 3_600_000;
      fail();
      const { state } = world.record("web");
      if (state.tag !== "backoff") throw new Error(`it is ${state.tag}`);
      if (time === 2) return state.streak.failures;
      world.now = state.retryAt;
      world.fleet.expire();
    }
    return 0;
  }

  test("its before_start hook has failed", () => {
    const world = linkedFleet({ web: { ...PATIENT, hooks: { ...NO_HOOKS, beforeStart: HOOK } } });
    const fail = (): void => world.fleet.post("web", { tag: "hook-ended", hook: "before_start", failure: "exited 1" });
    expect(failuresOf(world, fail)).toBe(2);
  });

  test("its after_start hook has failed", () => {
    const world = linkedFleet({ web: { ...PATIENT, hooks: { ...NO_HOOKS, afterStart: HOOK } } });
    const fail = (): void => {
      world.fleet.post("web", { tag: "hook-ended", hook: "after_start", failure: "exited 1" });
      world.end("web");
    };
    expect(failuresOf(world, fail)).toBe(2);
  });

  test("it has ended before it was ready", () => {
    const world = linkedFleet({ web: { ...PATIENT, ...NOTIFIES } });
    expect(failuresOf(world, () => world.exit("web", 1))).toBe(2);
  });

  test("but a run that was up as long is one", () => {
    const world = linkedFleet({ web: PATIENT });
    expect(failuresOf(world, () => world.exit("web", 1))).toBe(1);
  });
});
