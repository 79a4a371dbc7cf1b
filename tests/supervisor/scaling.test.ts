import { describe, expect, test } from "bun:test";
import { nameFaultOf } from "../../src/config/service-name.ts";
import { Reloader } from "../../src/supervisor/reloader.ts";
import { type InstanceWishes, Scaling, type Trial } from "../../src/supervisor/scaling.ts";
import { type DefinitionChanges, literalDefinition } from "../core/literal-definition.ts";
import { literalSupervisor } from "./literal-supervisor.ts";

const SOON = { wait: false, timeout: null } as const;
const TO_THE_END = { wait: true, timeout: null } as const;

/** A supervisor with a template "web" of two instances, and whatever else a test puts into the files. */
function scaled(changes: DefinitionChanges = {}) {
  const world = literalSupervisor();
  const state = {
    kept: {} as InstanceWishes,
    dropped: 0,
    others: [{ name: "db" }] as readonly DefinitionChanges[],
    unfit: {} as Readonly<Record<string, string>>,
    refusal: null as Trial | string | null,
    keepFails: null as string | null,
  };
  const filesUnder = (wishes: InstanceWishes): readonly DefinitionChanges[] => {
    const { count = null, names = [] } = wishes["web"] ?? {};
    const numbered = Array.from({ length: count ?? 2 }, (_, index) => String(index + 1));
    return [...state.others, ...[...numbered, ...names].map((name) => ({ ...changes, name: `web@${name}` }))];
  };
  const loaded = (wishes: InstanceWishes) =>
    ({
      tag: "loaded",
      definitions: filesUnder(wishes).map(literalDefinition),
      unfit: state.unfit,
      templates: ["web"],
    }) as const;
  const reloader = new Reloader(world.supervisor, {
    load: () => Promise.resolve({ ...loaded(state.kept), warnings: [], liveFields: [] }),
    began: () => {},
    over: () => {},
    accepted: () => {},
  });
  const scaling = new Scaling(world.supervisor, reloader, {
    templates: () => ["web"],
    wishes: () => state.kept,
    nameFaultOf,
    tryOut: (wishes) => Promise.resolve(state.refusal ?? loaded(wishes)),
    keep(wishes) {
      if (state.keepFails === null) state.kept = wishes;
      return state.keepFails;
    },
    drop: () => void state.dropped++,
  });
  world.boot(filesUnder({}));
  const names = (): readonly string[] => world.operator.names();
  return { world, state, scaling, reloader, names };
}

describe("a reload", () => {
  test("that is asked for a second time by the same request is not relayed a second time", async () => {
    const { world, reloader } = scaled();
    const request = "a".repeat(32);
    expect(await reloader.reload(false, request)).toMatchObject({ relayed: ["db", "web@1", "web@2"] });
    const before = world.machine.received.length;
    expect(await reloader.reload(false, request)).toMatchObject({ relayed: ["db", "web@1", "web@2"] });
    expect(world.machine.received.slice(before)).toEqual([]);
    await reloader.reload(false, "b".repeat(32));
    expect(world.machine.received.slice(before)).toHaveLength(3);
  });
});

describe("a template", () => {
  test("is given as many instances as it lacks, and nothing else is touched", async () => {
    const { world, state, scaling, names } = scaled();
    const before = world.spawned.length;
    state.others = [{ name: "db", command: ["/bin/other"] }, { name: "new" }];
    expect(await scaling.scale("web", 4, TO_THE_END)).toEqual({
      tag: "scaled",
      result: "done",
      added: ["web@3", "web@4"],
      removed: [],
      instances: ["web@1", "web@2", "web@3", "web@4"],
      notes: [],
    });
    expect(state.kept).toEqual({ web: { count: 4, names: [] } });
    expect(world.spawned.slice(before).map(({ service }) => service)).toEqual(["web@3", "web@4"]);
    expect(names()).toEqual(["db", "web@1", "web@2", "web@3", "web@4"]);
    world.timers.turns();
    expect(world.spawned.length).toBe(before + 2);
  });

  test("loses what it has too much, which is waited for", async () => {
    const { world, scaling, names } = scaled();
    const outcome = scaling.scale("web", 1, TO_THE_END);
    await Bun.sleep(0);
    expect(world.stateOf("web@2")).toBe("stopping");
    world.end(203, { tag: "signal", signal: "SIGTERM", dumped: false });
    expect(await outcome).toMatchObject({ result: "done", added: [], removed: ["web@2"], instances: ["web@1"] });
    expect(names()).toEqual(["db", "web@1"]);
  });

  test("goes back to what its file says", async () => {
    const { scaling, state } = scaled();
    await scaling.scale("web", 3, TO_THE_END);
    const back = scaling.scale("web", null, SOON);
    expect(await back).toMatchObject({ removed: ["web@3"] });
    expect(state.kept).toEqual({});
  });

  test("keeps the instances that were made by name, and says so", async () => {
    const { scaling } = scaled();
    expect(await scaling.scale("web@blue", 1, TO_THE_END)).toMatchObject({ added: ["web@blue"], notes: [] });
    expect(await scaling.scale("web", 0, SOON)).toMatchObject({
      removed: ["web@1", "web@2"],
      instances: ["web@blue"],
      notes: ["made by name and not counted: web@blue"],
    });
    expect(await scaling.scale("web@blue", 0, SOON)).toMatchObject({ removed: ["web@blue"] });
  });

  test("whose new instance cannot be started says why", async () => {
    const { scaling, state } = scaled();
    state.unfit = { "web@3": "there is no program" };
    expect(await scaling.scale("web", 3, TO_THE_END)).toMatchObject({
      result: "failed",
      added: ["web@3"],
      notes: ["web@3: there is no program"],
    });
  });

  test("that is not to be started by itself gets instances that are down", async () => {
    const { world, scaling } = scaled({ start: "manual" });
    expect(await scaling.scale("web", 3, TO_THE_END)).toMatchObject({ result: "done", added: ["web@3"] });
    expect(world.stateOf("web@3")).toBe("down");
  });
});

describe("nothing is changed", () => {
  const nothing = async (name: string, change: (state: ReturnType<typeof scaled>["state"]) => void) => {
    const { scaling, state, names, world } = scaled();
    change(state);
    const spawned = world.spawned.length;
    const outcome = await scaling.scale(name, 1, TO_THE_END);
    expect([names(), world.spawned.length, state.kept]).toEqual([["db", "web@1", "web@2"], spawned, {}]);
    return { outcome, dropped: state.dropped };
  };

  test("if there is no such template", async () => {
    const { outcome, dropped } = await nothing("wbe@x", () => {});
    expect([outcome, dropped]).toEqual([{ tag: "no-such-template", template: "wbe", known: ["web"] }, 1]);
  });

  test("if the files are invalid", async () => {
    const { outcome, dropped } = await nothing("web", (state) => {
      state.refusal = { tag: "rejected", problems: ["a", "b"] };
    });
    expect([outcome, dropped]).toEqual([{ tag: "invalid", problems: ["a", "b"] }, 1]);
  });

  test("if it cannot be remembered", async () => {
    const { outcome } = await nothing("web", (state) => {
      state.keepFails = 'cannot write "x": EROFS';
    });
    expect(outcome).toEqual({ tag: "refused", message: 'cannot write "x": EROFS' });
  });

  test("if it cannot be tried", async () => {
    const { outcome } = await nothing("web", (state) => {
      state.refusal = 'cannot write "x.new": ENOSPC';
    });
    expect(outcome).toEqual({ tag: "refused", message: 'cannot write "x.new": ENOSPC' });
  });

  test("for a name that no service can have", async () => {
    const { outcome } = await nothing("web@a b", () => {});
    expect(outcome).toMatchObject({ tag: "refused" });
  });

  test("once the supervisor is shutting down", async () => {
    const { world, scaling } = scaled();
    world.supervisor.end(0, "asked");
    expect(await scaling.scale("web", 3, SOON)).toEqual({ tag: "refused", message: "the supervisor is shutting down" });
  });
});

describe("a start", () => {
  test("of an instance that there is not yet makes it", async () => {
    const { scaling, state, names } = scaled();
    expect(await scaling.makeMissing("web@x")).toBeNull();
    expect(names()).toContain("web@x");
    expect(state.kept).toEqual({ web: { count: null, names: ["x"] } });
  });

  test.each(["web@1", "db", "nope", "web@", "wbe@x", "web@a@b"])("of %s makes nothing", async (name) => {
    const { scaling, state, names } = scaled();
    expect(await scaling.makeMissing(name)).toBeNull();
    expect([names(), state.kept]).toEqual([["db", "web@1", "web@2"], {}]);
  });

  test("that would make one fails if the files are invalid", async () => {
    const { scaling, state } = scaled();
    state.refusal = { tag: "rejected", problems: ["web@.toml:1:1: cannot parse", "another"] };
    expect(await scaling.makeMissing("web@x")).toEqual({
      tag: "failed",
      message:
        "it cannot be made, the configuration is invalid: web@.toml:1:1: cannot parse (and 1 more, see daemonsup check)",
    });
  });
});
