import { describe, expect, test } from "bun:test";
import { NO_HOOKS } from "../../src/core/life-policies.ts";
import { millis } from "../../src/core/units.ts";
import { type LinkedFleet, NOTIFIES, ONESHOT, definitionOf, linkedFleet } from "./linked-fleet.ts";

const BOUND = { requires: [{ name: "db", restartWith: true }] } as const;
const HOOK = { command: ["/bin/hook"], timeout: millis(1_000) };

describe("a stop", () => {
  function stack(): LinkedFleet {
    const world = linkedFleet({ app: { requires: ["api"] }, api: { requires: ["db"] }, db: {} });
    world.start("app");
    world.takeStops();
    return world;
  }

  test("is held until those that require it have ended, and they wait for it from then on", () => {
    const world = stack();
    world.stop("db");
    expect(world.takeStops()).toEqual(["app"]);
    expect([world.record("db").held, world.record("api").held]).toEqual(["stop-asked", "hold-asked"]);
    world.end("app");
    expect(world.takeStops()).toEqual(["api"]);
    world.end("api");
    expect(world.takeStops()).toEqual(["db"]);
    world.end("db");
    expect(world.told()).toBe("app waiting, api waiting, db down");
    expect(world.why("api")).toBe('requires "db", which was stopped by hand');
  });

  test("of what others wait for is made good by its start, and they follow by themselves", () => {
    const world = stack();
    world.stop("db");
    world.end("app", "api", "db");
    world.takeStarts();
    world.start("db");
    expect(world.takeStarts()).toEqual(["db", "api", "app"]);
    expect([world.record("api").wantedByHand, world.record("db").wantedByHand]).toEqual([true, true]);
  });

  test("that is taken back before it has ended is told to those that wait", () => {
    const world = stack();
    world.stop("db");
    world.end("app", "api");
    expect(world.record("api").state).toMatchObject({
      reason: 'requires "db", which is being stopped',
      pending: false,
    });
    world.start("db");
    expect(world.record("api").state).toMatchObject({ reason: 'requires "db", which is being stopped', pending: true });
    world.end("db");
    expect(world.told()).toBe("app up, api up, db up");
  });

  test("that is part of a restart comes to its end although one of those that make way is started meanwhile", () => {
    const world = stack();
    world.fleet.restart("db", true);
    world.start("api");
    world.end("app");
    expect(world.takeStops()).toEqual(["app", "api"]);
    world.end("api", "db");
    world.takeStarts();
    expect(world.told()).toBe("app up, api up, db up");
    expect(world.record("db").held).toBeNull();
  });

  test("of several by hand leaves them down, whoever was told first", () => {
    const world = stack();
    for (const name of ["db", "api", "app"]) world.stop(name);
    world.end("app", "api", "db");
    expect(world.told()).toBe("app down, api down, db down");
    world.start("db");
    expect(world.told()).toBe("app down, api down, db up");
  });

  test("of everything goes in the reverse of the order of starts, by after and wants as well", () => {
    const world = linkedFleet({
      cache: {},
      web: { requires: ["app"] },
      app: { requires: ["db"], wants: ["cache"], after: ["net"] },
      db: { before: ["cache"] },
      net: {},
    });
    world.start("web", "net");
    world.takeStops();
    world.fleet.stopAll();
    const waves = [["web"], ["app"], ["cache", "net"], ["db"]];
    for (const wave of waves) {
      const stopped = world.takeStops();
      expect(stopped.toSorted()).toEqual(wave);
      world.end(...stopped);
    }
    expect(world.told()).toBe("cache down, web down, app down, db down, net down");
  });

  test("of what comes after it is waited for only where that is being stopped as well", () => {
    const world = linkedFleet({ app: { after: ["net"] }, net: {} });
    world.start("net", "app");
    world.stop("net");
    expect(world.takeStops()).toEqual(["net"]);
    expect(world.told()).toBe("app up, net stopping");
  });

  test("waits for no hook of a start that it has called off", () => {
    const world = linkedFleet({ app: { requires: ["db"], hooks: { ...NO_HOOKS, beforeStart: HOOK } }, db: {} });
    world.start("app");
    world.stop("db");
    expect(world.performed).toContain("app kill-hook");
    expect(world.takeStops()).toEqual([]);
    world.fleet.post("app", { tag: "hook-ended", hook: "before_start", failure: "killed by SIGKILL" });
    expect(world.takeStops()).toEqual(["db"]);
    expect(world.told()).toBe("app waiting, db stopping");
  });

  test("by force waits for nobody, and ends nobody else", () => {
    const world = stack();
    world.fleet.kill("db");
    expect(world.performed).toContain("db kill-all");
    expect(world.told("app", "api")).toBe("app up, api up");
  });

  test("that is held becomes one at once by force", () => {
    const world = stack();
    world.stop("db");
    world.fleet.kill("db");
    world.end("db");
    expect(world.told()).toBe("app stopping, api up, db down");
    expect(world.record("db").held).toBeNull();
  });
});

describe("a restart", () => {
  test("has those that require it end first, and start again once it is back", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: NOTIFIES });
    world.start("app");
    world.ready("db");
    world.takeStarts();
    world.fleet.restart("db", true);
    expect(world.told()).toBe("app stopping, db up");
    world.end("app");
    expect(world.told()).toBe("app waiting, db stopping");
    world.end("db");
    expect(world.told()).toBe("app waiting, db starting");
    world.ready("db");
    expect(world.takeStarts()).toEqual(["db", "app"]);
    expect(world.record("app").restarts).toBe(0);
  });

  test("of two of which one comes after the other ends in that order what it began in the reverse", () => {
    const world = linkedFleet({ app: { after: ["net"] }, net: NOTIFIES });
    world.start("net");
    world.ready("net");
    world.start("app");
    world.takeStarts();
    for (const name of ["app", "net"]) world.fleet.restart(name, true);
    expect(world.takeStops()).toEqual(["app"]);
    world.end("app");
    expect(world.takeStops()).toEqual(["net"]);
    expect(world.told()).toBe("app waiting, net stopping");
    world.end("net");
    world.ready("net");
    expect(world.takeStarts()).toEqual(["net", "app"]);
  });

  test("that a reload brings about goes in the same order", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: { reload: { action: "restart" } } });
    world.start("app");
    world.fleet.post("db", { tag: "reload-asked" });
    expect(world.takeStops()).toEqual(["app"]);
    world.end("app");
    expect(world.takeStops()).toEqual(["db"]);
    world.end("db");
    expect(world.told()).toBe("app up, db up");
  });

  test("of a oneshot that is done waits until those that require it have ended", () => {
    const world = linkedFleet({ app: { requires: ["migrate"] }, migrate: ONESHOT });
    world.start("app");
    world.exit("migrate", 0);
    world.takeStarts();
    world.fleet.restart("migrate", true);
    expect(world.takeStarts()).toEqual([]);
    expect(world.told()).toBe("app stopping, migrate done");
    world.end("app");
    expect(world.takeStarts()).toEqual(["migrate"]);
    world.exit("migrate", 0);
    expect(world.told()).toBe("app up, migrate done");
  });

  test("of a requirement that has crashed leaves those that require it running", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: {} });
    world.start("app");
    world.exit("db", 1);
    world.now = 100;
    world.fleet.expire();
    expect(world.told()).toBe("app up, db up");
    expect(world.takeStops()).toEqual([]);
    expect(world.takeStarts()).toEqual(["db", "app", "db"]);
  });

  test("of a requirement that has crashed restarts those that ask for it", () => {
    const world = linkedFleet({ app: BOUND, db: {}, loose: { requires: ["db"] } });
    world.start("app", "loose");
    world.exit("db", 1);
    expect(world.takeStops()).toEqual(["app"]);
    world.end("app");
    expect(world.why("app")).toBe('requires "db", which is tried again: exited 1');
    world.now = 100;
    world.fleet.expire();
    expect(world.told()).toBe("app up, db up, loose up");
  });

  test("with a requirement takes those along that require the one that is restarted with it", () => {
    const world = linkedFleet({ app: BOUND, db: {}, web: { requires: ["app"] } });
    world.start("web");
    world.exit("db", 1);
    expect(world.takeStops()).toEqual(["web"]);
    world.end("web");
    expect(world.takeStops()).toEqual(["app"]);
    world.end("app");
    world.now = 100;
    world.fleet.expire();
    expect(world.told()).toBe("app up, db up, web up");
  });

  test("with a requirement does not undo a stop that still waits for others", () => {
    const world = linkedFleet({ app: BOUND, db: {}, web: { requires: ["app"] } });
    world.start("web");
    world.stop("app");
    world.exit("db", 1);
    world.end("web", "app");
    world.now = 100;
    world.fleet.expire();
    expect(world.told()).toBe("app down, db up, web waiting");
  });

  test("with a requirement does not outlive a stop of everything", () => {
    const world = linkedFleet({ app: BOUND, db: {}, web: { requires: ["app"] } });
    world.start("web");
    world.fleet.stopAll();
    world.exit("db", 1);
    world.end("web", "app");
    expect(world.told()).toBe("app down, db down, web down");
  });
});

describe("links that change", () => {
  test("are looked at anew by those that wait", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: NOTIFIES });
    world.start("app");
    world.fleet.redefine("app", definitionOf("app", {}), "live");
    expect(world.told()).toBe("app up, db starting");
  });

  test("count at once, also where the rest of the definition waits for the next run", () => {
    const world = linkedFleet({ app: {}, db: {} });
    world.start("app", "db");
    world.fleet.redefine("app", definitionOf("app", { requires: ["db"], command: ["/bin/new"] }), "restart");
    expect(world.record("app").next).not.toBeNull();
    world.stop("db");
    expect(world.takeStops()).toEqual(["app"]);
    world.end("app");
    expect(world.told()).toBe("app waiting, db stopping");
  });

  test("that are added while a stop is held have those make way as well that they add", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, late: {}, db: {} });
    world.start("app", "late");
    world.stop("db");
    world.fleet.redefine("late", definitionOf("late", { requires: ["db"] }), "live");
    expect(world.told()).toBe("app stopping, late stopping, db up");
    world.end("app", "late", "db");
    expect(world.told()).toBe("app waiting, late waiting, db down");
  });

  test("that are taken away while a stop is held let it go", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: {} });
    world.start("app");
    world.stop("db");
    world.fleet.redefine("app", definitionOf("app", {}), "live");
    expect(world.told()).toBe("app stopping, db stopping");
  });

  test("hold those whose requirement is removed back from then on", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: {} });
    world.start("app");
    world.fleet.remove("db");
    expect(world.told()).toBe("app stopping, db up");
    world.end("app", "db");
    expect(world.forgotten).toEqual(["db"]);
    expect(world.why("app")).toBe('requires "db", which is not defined');
    world.fleet.add(definitionOf("db", {}));
    world.enable("db");
    expect(world.told()).toBe("app up, db up");
  });

  test("to a service at rest tell those that wait that it has been removed", () => {
    const world = linkedFleet({ app: { requires: ["db"] }, db: {} });
    world.stop("db");
    world.enable("app");
    world.fleet.remove("db");
    expect(world.why("app")).toBe('requires "db", which is not defined');
  });
});
