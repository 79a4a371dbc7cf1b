import { describe, expect, test } from "bun:test";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import { millis } from "../../src/core/units.ts";
import type { Goal } from "../../src/supervisor/requests.ts";
import type { DefinitionChanges } from "../core/literal-definition.ts";
import { literalSupervisor } from "./literal-supervisor.ts";

const WAIT = { wait: true, timeout: null } as const;

/** web requires app requires db. */
const CHAIN: readonly DefinitionChanges[] = [
  { name: "app", requires: [{ name: "db", restartWith: false }] },
  { name: "db" },
  { name: "web", requires: [{ name: "app", restartWith: false }] },
];

describe("what is asked of several services at once", () => {
  test("restarts each once, in the order in which they need each other", async () => {
    const world = literalSupervisor();
    world.boot(CHAIN);
    expect(world.spawned.map(({ service }) => service)).toEqual(["db", "app", "web"]);
    const outcomes = world.operator.askAll(["db", "web", "app"], "restart", WAIT);
    world.timers.turns();
    for (const pid of [203, 202, 201]) {
      expect(world.machine.takeReceivers("SIGTERM")).toEqual([pid]);
      world.end(pid);
    }
    expect(world.spawned.slice(3).map(({ service }) => service)).toEqual(["db", "app", "web"]);
    expect(await Promise.all(outcomes)).toEqual(Array(3).fill({ tag: "done", message: null }));
  });

  test("restarts what is down as well, without starting it twice", async () => {
    const world = literalSupervisor();
    world.boot(CHAIN.map((changes) => ({ ...changes, start: "manual" })));
    const outcomes = world.operator.askAll(["web", "app", "db"], "restart", WAIT);
    world.timers.turns();
    expect(world.spawned.map(({ service }) => service)).toEqual(["db", "app", "web"]);
    expect((await Promise.all(outcomes)).map(({ tag }) => tag)).toEqual(["done", "done", "done"]);
  });

  test("stops what waits for another of them without starting it for that", () => {
    const world = literalSupervisor();
    const method = { tag: "log", pattern: "ready" } as const;
    const ready = { method, timeout: millis(60_000), interval: millis(200) };
    world.boot([
      { name: "app", after: ["net"] },
      { name: "net", ready },
    ]);
    expect(["net", "app"].map(world.stateOf)).toEqual(["starting", "waiting"]);
    void world.operator.askAll(["net", "app"], "stop", WAIT);
    world.timers.turns();
    expect(["net", "app"].map(world.stateOf)).toEqual(["stopping", "down"]);
    world.end(201);
    expect(world.spawned.map(({ service }) => service)).toEqual(["net"]);
  });

  test("starts many in turns, between which somebody else may stop one of them", async () => {
    const world = literalSupervisor();
    const names = Array.from({ length: 5 }, (_, index) => `s${index}`);
    world.boot(names.map((name) => ({ name, start: "manual" })));
    world.spawn = () => {
      // As long as a turn may take.
      world.timers.time += 20;
      const pid = 300 + world.spawned.length;
      world.machine.start(pid);
      return { tag: "spawned", pid, pidfd: world.machine.openPidfd(pid) };
    };
    const outcomes = world.operator.askAll(names, "start", WAIT);
    expect(world.spawned).toEqual([]);
    world.timers.turn();
    expect(world.spawned.map(({ service }) => service)).toEqual(["s0"]);
    const stopped = world.operator.ask("s3", "stop", WAIT);
    world.timers.turns();
    expect(world.spawned.map(({ service }) => service)).toEqual(["s0", "s1", "s2", "s4"]);
    expect((await Promise.all(outcomes)).map(({ tag }) => tag)).toEqual(["done", "done", "done", "overtaken", "done"]);
    expect([await stopped, world.stateOf("s3")]).toEqual([{ tag: "done", message: null }, "down"]);
    expect(world.memory.filter((note) => note.includes("s3"))).toEqual(["wanted s3 up", "wanted s3 null"]);
  });

  test("says who else was stopped for it, unless that was asked for as well", async () => {
    const world = literalSupervisor();
    world.boot([...CHAIN, { name: "rival", start: "manual", conflicts: ["db"] }]);
    const messagesOf = async (
      names: readonly string[],
      verb: "start" | "stop" | "restart",
      ends: readonly number[],
    ) => {
      const outcomes = world.operator.askAll(names, verb, WAIT);
      world.timers.turns();
      for (const pid of ends) world.end(pid);
      return (await Promise.all(outcomes)).map((outcome) => [outcome.tag, outcome.message]);
    };
    const RESTARTED = "web, app, which require it, were stopped first and start again after it";
    expect(await messagesOf(["db"], "restart", [203, 202, 201])).toEqual([["done", RESTARTED]]);
    expect(await messagesOf(["web"], "restart", [206])).toEqual([["done", null]]);
    expect(await messagesOf(["db", "app"], "stop", [207, 205, 204])).toEqual([
      ["done", "web, which requires it, was stopped first"],
      ["done", "web, which requires it, was stopped first"],
    ]);
    await messagesOf(["db"], "start", []);
    expect(await messagesOf(["rival"], "start", [210, 209, 208])).toEqual([
      ["done", "db, which conflicts with it, was stopped"],
    ]);
    expect(world.operator.service("db")).toMatchObject({ state: "down", message: 'stopped by a start of "rival"' });
    await messagesOf(["db"], "stop", []);
    expect(world.operator.service("db")).toMatchObject({ state: "down", message: null });
  });

  test("tells of each name that means no service, in its place", async () => {
    const world = literalSupervisor();
    world.boot([{ name: "a" }]);
    const outcomes = await Promise.all(world.operator.askAll(["x", "a"], "stop", { wait: false, timeout: null }));
    expect(outcomes.map(({ tag }) => tag)).toEqual(["no-such-service", "done"]);
  });
});

describe("a request that comes a second time", () => {
  const REQUEST = { ...WAIT, request: "a".repeat(32) };

  test("is not carried out again: what it has asked for is waited for", async () => {
    const world = literalSupervisor();
    world.boot([{ name: "web" }]);
    const first = world.operator.ask("web", "restart", REQUEST);
    world.timers.turns();
    const second = world.operator.ask("web", "restart", REQUEST);
    world.end(201);
    for (const outcome of [first, second]) expect(await outcome).toEqual({ tag: "done", message: null });
    expect(await world.operator.ask("web", "restart", REQUEST)).toEqual({ tag: "done", message: null });
    expect(world.spawned).toHaveLength(2);
    void world.operator.ask("web", "restart", { ...WAIT, request: "b".repeat(32) });
    world.end(202);
    expect(world.spawned).toHaveLength(3);
  });

  test("to restart what others require is not over before they have stopped and it has begun anew", async () => {
    const world = literalSupervisor();
    world.boot(CHAIN);
    void world.operator.ask("db", "restart", REQUEST);
    let isOver = false;
    const second = world.operator.ask("db", "restart", REQUEST).finally(() => (isOver = true));
    for (const pid of [203, 202, 201]) {
      await new Promise(setImmediate);
      expect(isOver).toBe(false);
      world.end(pid);
    }
    expect(await second).toEqual({ tag: "done", message: null });
    expect(world.operator.service("db")).toMatchObject({ state: "up", pid: 204 });
  });

  test("is remembered with the service, so that a successor knows it", () => {
    const world = literalSupervisor();
    world.boot([{ name: "web" }]);
    void world.operator.ask("web", "stop", REQUEST);
    expect(world.supervisor.fleet.get("web")?.beside).toMatchObject({ request: "a".repeat(32) });
  });

  // A supervisor may die between any two of the records that it writes.
  test.each([
    ["start", ["web"], ({ want, asked }) => want === "up" && asked?.how === "start-asked"],
    ["start", ["web", "db"], ({ want, asked }) => want === "up" && asked?.how === "start-asked"],
    ["stop", ["web", "db"], ({ want }) => want === "down"],
    ["restart", ["web", "db"], ({ asked }) => asked?.how === "restart-asked"],
  ] as readonly (readonly [Goal, readonly string[], (record: ServiceRecord) => boolean])[])(
    "is written down in one with what it asks (%s %p)",
    async (goal, names, isAsked) => {
      const world = literalSupervisor();
      world.boot([{ name: "web" }, { name: "db" }]);
      const settle = async (verb: Goal): Promise<void> =>
        void (await Promise.all(world.operator.askAll(names, verb, { wait: false, timeout: null })));
      if (goal === "start") await settle("stop");
      world.kept.length = 0;
      for (const outcome of world.operator.askAll(names, goal, REQUEST)) void outcome;
      for (const name of names) {
        const written = world.kept.filter(({ definition }) => definition.name === name);
        const known = written.findIndex(({ beside }) => beside["request"] === REQUEST.request);
        expect([name, known, written.findIndex(isAsked)]).toEqual([name, known, known]);
        expect(known).toBeGreaterThanOrEqual(0);
      }
    },
  );

  test("resets nothing a second time, and one without an identity is always carried out", async () => {
    const world = literalSupervisor();
    world.boot([{ name: "web" }]);
    await world.operator.ask("web", "reset", REQUEST);
    expect(await world.operator.ask("web", "reset", REQUEST)).toEqual({ tag: "done", message: null });
    for (const pid of [201, 202]) {
      void world.operator.ask("web", "restart", WAIT);
      world.end(pid);
    }
    expect(world.spawned).toHaveLength(3);
  });

  test("sends a signal once", () => {
    const world = literalSupervisor();
    world.boot([{ name: "web" }]);
    world.machine.received.length = 0;
    for (const request of ["a".repeat(32), "a".repeat(32), "b".repeat(32), null, null])
      expect(world.operator.signal("web", "SIGUSR1", request)).toEqual({ tag: "done", message: null });
    expect(world.machine.received).toHaveLength(4);
  });
});

describe("what is taken back before it has come to anything", () => {
  const RIVAL: DefinitionChanges = { name: "rival", start: "manual", conflicts: ["db"] };

  test("ends a stop that waits for others, as soon as one of them is started again", async () => {
    const world = literalSupervisor();
    world.boot(CHAIN);
    const stop = world.operator.ask("db", "stop", WAIT);
    const start = world.operator.ask("app", "start", WAIT);
    expect(await stop).toEqual({ tag: "overtaken", message: "overtaken: another start needs it" });
    for (const pid of [203, 202]) world.end(pid);
    expect(await start).toEqual({ tag: "done", message: null });
    expect(world.operator.service("db")).toMatchObject({ state: "up", pid: 201, want: "up", message: null });
  });

  test("ends a restart of what has to make way for another one", async () => {
    const world = literalSupervisor();
    world.boot([...CHAIN, RIVAL]);
    const restart = world.operator.ask("db", "restart", WAIT);
    void world.operator.ask("rival", "start", WAIT);
    expect(await restart).toEqual({ tag: "overtaken", message: 'overtaken: stopped by a start of "rival"' });
    for (const pid of [203, 202, 201]) world.end(pid);
    expect(["db", "rival"].map(world.stateOf)).toEqual(["down", "up"]);
  });

  test("ends every request of a restart of rivals, and what goes on says nothing of a stop", async () => {
    const world = literalSupervisor();
    world.boot([...CHAIN, RIVAL]);
    const outcomes = world.operator.askAll(["app", "db", "rival", "web"], "restart", WAIT);
    world.timers.turns();
    for (const pid of [203, 202]) world.end(pid);
    expect((await Promise.all(outcomes)).map(({ tag }) => tag)).toEqual(["done", "overtaken", "overtaken", "done"]);
    expect(world.operator.service("db")).toMatchObject({ state: "up", pid: 201, want: "up", message: null });
    expect(world.stateOf("rival")).toBe("down");
  });
});
