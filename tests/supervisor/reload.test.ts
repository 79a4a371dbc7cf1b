import { describe, expect, test } from "bun:test";
import type { Definition } from "../../src/core/definition.ts";
import { type ReloadPorts, applyDifference, findDifference } from "../../src/supervisor/reload.ts";
import { type DefinitionChanges, literalDefinition } from "../core/literal-definition.ts";
import { literalFleet } from "../core/literal-fleet.ts";

/** As the schema has it: these may change while a service runs. */
const LIVE = new Set(["description", "start", "restart", "stop", "reload", "log"]);

/** A fleet that was started with some definitions and is told others. */
function reloaded(...first: readonly DefinitionChanges[]) {
  const world = literalFleet();
  const configured: string[] = [];
  const started: string[] = [];
  const unfit = new Map<string, string>();
  const ports: ReloadPorts = {
    fleet: world.fleet,
    configure: ({ name }) => void configured.push(name),
    unfit: (name) => unfit.get(name) ?? null,
    startIfAuto(name) {
      started.push(name);
      const record = world.record(name);
      const { start } = record.next ?? record.definition;
      world.fleet.want(name, start === "auto" ? "up" : "down", false);
    },
  };
  for (const changes of first) {
    const name = world.add(changes);
    if (world.record(name).definition.start === "auto") world.fleet.want(name, "up", false);
  }
  const reload = (...next: readonly DefinitionChanges[]) => {
    const definitions: readonly Definition[] = next.map(literalDefinition);
    const difference = findDifference(world.fleet, definitions, LIVE);
    applyDifference(difference, definitions, ports);
    return difference;
  };
  world.performed.length = 0;
  return { world, configured, started, unfit, reload };
}

const NOTHING = { added: [], removed: [], changed: [], adjusted: [], unchanged: [] };

describe("the difference", () => {
  test("puts every service in one of five kinds", () => {
    const { reload } = reloaded({ name: "gone" }, { name: "same" }, { name: "live" }, { name: "other" });
    const next = [
      { name: "same" },
      { name: "live", description: "new" },
      { name: "other", command: ["/bin/other"] },
      { name: "new" },
    ];
    expect(reload(...next)).toEqual({
      added: ["new"],
      removed: ["gone"],
      changed: ["other"],
      adjusted: ["live"],
      unchanged: ["same"],
    });
  });

  test("compares with the definition that waits, not with the one that runs", () => {
    const { reload } = reloaded({ command: ["/bin/one"] });
    expect(reload({ command: ["/bin/two"] }).changed).toEqual(["web"]);
    expect(reload({ command: ["/bin/two"] })).toEqual({ ...NOTHING, unchanged: ["web"] });
    expect(reload({ command: ["/bin/one"] }).changed).toEqual(["web"]);
  });

  test("takes a change that needs a restart together with one that does not for a change", () => {
    const { reload } = reloaded({});
    expect(reload({ description: "new", umask: 0 }).changed).toEqual(["web"]);
  });

  test("does not remove a service twice, and takes it for new while it is still being stopped", () => {
    const { reload } = reloaded({});
    expect(reload()).toEqual({ ...NOTHING, removed: ["web"] });
    expect(reload()).toEqual(NOTHING);
    expect(reload({})).toEqual({ ...NOTHING, added: ["web"] });
  });
});

describe("a service that is unchanged", () => {
  test("is left alone", () => {
    const { world, reload, configured, started } = reloaded({});
    reload({});
    expect([world.performed, configured, started]).toEqual([[], [], []]);
  });
});

describe("a service that is new", () => {
  test("is configured, and started if its definition says so", () => {
    const { world, reload, configured, started } = reloaded();
    reload({ name: "a" }, { name: "m", start: "manual" });
    expect([configured, started]).toEqual([
      ["a", "m"],
      ["a", "m"],
    ]);
    expect([world.record("a").state.tag, world.record("m").state.tag]).toEqual(["up", "down"]);
  });

  test("that was removed and is still being stopped is started again with its new definition", () => {
    const { world, reload } = reloaded({ command: ["/bin/one"] });
    reload();
    reload({ command: ["/bin/two"] });
    expect(world.record("web").state).toMatchObject({ tag: "stopping", pid: 1 });
    world.exit("web", 0);
    expect(world.record("web")).toMatchObject({ state: { tag: "up", pid: 2 }, definition: { command: ["/bin/two"] } });
    expect(world.forgotten).toEqual([]);
  });

  test("that was removed is stopped, and stays, if it is to be started by hand from now on", () => {
    const { world, reload } = reloaded({});
    reload();
    reload({ start: "manual" });
    world.exit("web", 0);
    expect(world.record("web")).toMatchObject({
      state: { tag: "down" },
      removed: false,
      definition: { start: "manual" },
    });
  });
});

describe("a service that is removed", () => {
  test("is stopped and then forgotten", () => {
    const { world, reload } = reloaded({});
    reload();
    expect(world.performed).toEqual(["web signal-all"]);
    world.exit("web", 0);
    expect(world.forgotten).toEqual(["web"]);
  });
});

describe("a service that is changed", () => {
  test("is restarted, and then runs with its new definition", () => {
    const { world, reload, configured } = reloaded({});
    reload({ command: ["/bin/new"] });
    expect(configured).toEqual(["web"]);
    world.exit("web", 0);
    expect(world.record("web")).toMatchObject({ state: { tag: "up", pid: 2 }, definition: { command: ["/bin/new"] } });
  });

  test("is started at once with it if it waits for its next start or has failed", () => {
    const waiting = reloaded({});
    waiting.world.exit("web", 1);
    waiting.reload({ command: ["/bin/new"] });
    expect(waiting.world.record("web").state.tag).toBe("up");
    const failed = reloaded({ type: "oneshot" });
    failed.world.exit("web", 1);
    failed.reload({ type: "oneshot", command: ["/bin/new"] });
    expect(failed.world.record("web").state.tag).toBe("starting");
  });

  test("stays down if it was stopped by hand, or never started", () => {
    const { world, reload } = reloaded({}, { name: "m", start: "manual" });
    world.fleet.want("web", "down", true);
    world.exit("web", 0);
    reload({ command: ["/bin/new"] }, { name: "m", start: "manual", command: ["/bin/new"] });
    for (const name of ["web", "m"])
      expect(world.record(name)).toMatchObject({
        state: { tag: "down" },
        definition: { command: ["/bin/new"] },
        next: null,
      });
    expect(world.record("web").wantedByHand).toBe(true);
  });

  test("is stale and not run again by itself if it is a oneshot that is done: it may be a migration", () => {
    const { world, reload } = reloaded({ type: "oneshot" });
    world.exit("web", 0);
    reload({ type: "oneshot", command: ["/bin/new"] });
    expect(world.record("web")).toMatchObject({
      state: { tag: "done" },
      stale: true,
      definition: { command: ["/bin/new"] },
    });
    world.fleet.want("web", "up", true);
    expect(world.record("web")).toMatchObject({ state: { tag: "starting" }, stale: false });
  });

  test("is run again if it is done and no oneshot", () => {
    const { world, reload } = reloaded({ restart: { policy: "never" } });
    world.exit("web", 0);
    expect(world.record("web").state.tag).toBe("done");
    reload({ restart: { policy: "never" }, command: ["/bin/new"] });
    expect(world.record("web").state.tag).toBe("up");
  });

  test("goes on with its old definition if the machine lacks what the new one needs, and says so", () => {
    const { world, reload, unfit } = reloaded({});
    unfit.set("web", "there is no user");
    reload({ user: "nobody-here" });
    expect(world.performed).toEqual([]);
    expect(world.record("web")).toMatchObject({
      state: { tag: "up", pid: 1 },
      definition: { user: null },
      stale: true,
    });
    expect(world.record("web").note).toContain("there is no user");
    unfit.clear();
    reload({ user: "nobody-here" });
    world.exit("web", 0);
    expect(world.record("web")).toMatchObject({
      state: { tag: "up" },
      definition: { user: "nobody-here" },
      note: null,
    });
  });

  test("fails with the reason if the machine lacks what it needs and nothing of it runs", () => {
    const { world, reload, unfit } = reloaded({ type: "oneshot" });
    world.exit("web", 1);
    unfit.set("web", "there is no user");
    reload({ type: "oneshot", user: "nobody-here" });
    expect(world.record("web").state).toEqual({ tag: "failed", reason: "there is no user" });
  });

  test("is started if it is to start by itself from now on, and nobody has stopped it", () => {
    const { world, reload } = reloaded({ start: "manual" });
    reload({ start: "auto", command: ["/bin/new"] });
    expect(world.record("web").state.tag).toBe("up");
  });
});

describe("a service that is adjusted", () => {
  test("goes on with its new definition", () => {
    const { world, reload, configured } = reloaded({});
    reload({ description: "new" });
    expect(world.performed).toEqual([]);
    expect(configured).toEqual(["web"]);
    expect(world.record("web")).toMatchObject({
      state: { tag: "up", pid: 1 },
      definition: { description: "new" },
      next: null,
    });
  });

  test("is started if it is to start by itself from now on, and not stopped if it no longer is", () => {
    const { world, reload } = reloaded({ start: "manual" });
    reload({ start: "auto" });
    expect(world.record("web").state.tag).toBe("up");
    reload({ start: "manual" });
    expect(world.record("web").state.tag).toBe("up");
  });

  test("is not started if it was stopped by hand, whatever its definition has said in between", () => {
    const { world, reload } = reloaded({});
    world.fleet.want("web", "down", true);
    world.exit("web", 0);
    reload({ start: "manual" });
    reload({ start: "auto" });
    expect(world.record("web")).toMatchObject({ state: { tag: "down" }, want: "down", wantedByHand: true });
  });
});
