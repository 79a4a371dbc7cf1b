import { describe, expect, test } from "bun:test";
import { type Instant, millis } from "../../src/core/units.ts";
import { literalDefinition } from "./literal-definition.ts";
import { literalFleet } from "./literal-fleet.ts";

describe("a fleet", () => {
  test("handles what follows an action at once before any other event", () => {
    const world = literalFleet();
    for (const name of ["a", "b"]) world.add({ name });
    world.perform = (record, action) => {
      if (record.definition.name === "a" && action.tag === "spawn") world.fleet.want("b", "up", false);
      return action.tag === "spawn" ? { tag: "spawned", pid: 1 } : null;
    };
    world.fleet.want("a", "up", false);
    expect(world.changes).toEqual(["a down>launching", "a launching>up", "b down>launching", "b launching>up"]);
  });

  test("handles events in the order in which they were posted, however deep the chain that they make", () => {
    const world = literalFleet();
    const names = Array.from({ length: 20_000 }, (_, index) => `s${index}`);
    for (const name of names) world.add({ name });
    let next = 0;
    world.perform = (_record, action) => {
      const follower = names[++next];
      if (action.tag === "spawn" && follower !== undefined) world.fleet.want(follower, "up", false);
      return action.tag === "spawn" ? { tag: "spawned", pid: next } : null;
    };
    world.fleet.want("s0", "up", false);
    expect(world.failures).toEqual([]);
    expect([...world.fleet.records()].every((record) => record.state.tag === "up")).toBe(true);
  });

  test("goes on after an internal error, and tells it", () => {
    const world = literalFleet();
    for (const name of ["a", "b"]) world.add({ name });
    world.fleet.post("a", { tag: "named", pid: 1 });
    world.fleet.want("b", "up", false);
    expect(world.failures).toEqual([`a: Error: internal error: "named" cannot happen in state "down"`]);
    expect(world.record("a").state.tag).toBe("down");
    expect(world.record("b").state.tag).toBe("up");
  });

  test("leaves no service launching when the spawn itself is an internal error", () => {
    const world = literalFleet();
    world.add();
    world.perform = () => {
      throw new Error("no descriptor");
    };
    world.fleet.want("web", "up", false);
    expect(world.failures).toEqual(["web: Error: no descriptor"]);
    expect(world.record("web").state).toEqual({ tag: "failed", reason: "internal error: no descriptor" });
    world.perform = null;
    world.fleet.want("web", "down", false);
    expect(world.record("web").state.tag).toBe("down");
  });

  test("does not spin when every spawn fails at once and no delay is wanted", () => {
    const world = literalFleet();
    const none = millis(0);
    world.add({ restart: { delay: none, maxDelay: none, resetAfter: none } });
    world.perform = (_record, action) => {
      if (world.performed.length > 100) throw new Error("it spins");
      return action.tag === "spawn" ? { tag: "spawn-failed", reason: "exec failed: ENOENT" } : null;
    };
    world.fleet.want("web", "up", false);
    expect(world.performed.filter((deed) => deed === "web spawn")).toHaveLength(2);
    expect(world.fleet.nextDeadline()).toBe(10 as Instant);
  });

  test("ignores what is told of a service that is gone", () => {
    const world = literalFleet();
    world.fleet.want("web", "up", false);
    world.fleet.restart("web", false);
    world.fleet.remove("web");
    world.fleet.redefine("web", literalDefinition(), "live");
    expect([world.failures, world.changes, world.fleet.size]).toEqual([[], [], 0]);
  });
});

describe("deadlines", () => {
  function crashing(): ReturnType<typeof literalFleet> {
    const world = literalFleet();
    for (const [index, name] of ["a", "b", "c"].entries()) {
      world.add({ name, restart: { delay: millis(300 - 100 * index) } });
      world.fleet.want(name, "up", false);
      world.exit(name, 1);
    }
    return world;
  }

  test("are led by the earliest", () => {
    const world = crashing();
    expect(world.fleet.nextDeadline()).toBe(100 as Instant);
    world.fleet.want("c", "down", false);
    expect(world.fleet.nextDeadline()).toBe(200 as Instant);
  });

  test("that have come are told, the others are not", () => {
    const world = crashing();
    world.performed.length = 0;
    world.now = 199;
    world.fleet.expire();
    expect(world.performed).toEqual(["c spawn"]);
    world.now = 200;
    world.fleet.expire();
    expect(world.performed).toEqual(["c spawn", "b spawn"]);
    expect(world.fleet.nextDeadline()).toBe(300 as Instant);
  });

  test("that another event has overtaken in the same turn are not told", () => {
    const world = crashing();
    world.now = 300;
    world.perform = (_record, action) => {
      // The first of them that is due stops the others.
      for (const name of ["b", "c"]) world.fleet.want(name, "down", false);
      return action.tag === "spawn" ? { tag: "spawned", pid: 1 } : null;
    };
    world.fleet.expire();
    expect(world.failures).toEqual([]);
    world.fleet.post("a", { tag: "deadline-passed" });
    expect(world.failures).toEqual([]);
  });

  test("do not exist while nothing waits", () => {
    const world = literalFleet();
    world.add();
    expect(world.fleet.nextDeadline()).toBeNull();
    world.fleet.want("web", "up", false);
    expect(world.fleet.nextDeadline()).toBeNull();
  });
});

describe("a service that is removed", () => {
  test("is stopped, and gone once nothing of it is left", () => {
    const world = literalFleet();
    world.add();
    world.fleet.want("web", "up", false);
    world.fleet.remove("web");
    expect(world.performed).toEqual(["web spawn", "web signal-all"]);
    expect(world.record("web").removed).toBe(true);
    world.exit("web", 0, 1);
    expect(world.forgotten).toEqual([]);
    world.fleet.post("web", { tag: "emptied" });
    expect(world.forgotten).toEqual(["web"]);
    expect(world.fleet.get("web")).toBeNull();
  });

  test.each(["down", "backoff", "done", "failed"])("is gone at once if it is %s", (state) => {
    const world = literalFleet();
    world.add({ restart: { policy: state === "backoff" ? "always" : "never" } });
    if (state !== "down") {
      world.fleet.want("web", "up", false);
      world.exit("web", state === "done" ? 0 : 1);
    }
    expect(world.record("web").state.tag).toBe(state as "down");
    world.fleet.remove("web");
    expect(world.forgotten).toEqual(["web"]);
  });

  test("and defined again before it is gone stays, and can be started with its new definition", () => {
    const world = literalFleet();
    world.add({ command: ["/bin/old"] });
    world.fleet.want("web", "up", false);
    world.fleet.remove("web");
    world.fleet.redefine("web", literalDefinition({ command: ["/bin/new"] }), "restart");
    world.fleet.want("web", "up", false);
    world.exit("web", 0);
    expect(world.forgotten).toEqual([]);
    expect(world.record("web")).toMatchObject({ state: { tag: "up" }, removed: false, next: null });
    expect(world.record("web").definition.command).toEqual(["/bin/new"]);
  });
});

describe("another definition", () => {
  const next = literalDefinition({ description: "new" });

  test("that can be taken live is taken at once", () => {
    const world = literalFleet();
    world.add();
    world.fleet.want("web", "up", false);
    world.fleet.redefine("web", next, "live");
    expect(world.record("web")).toMatchObject({ definition: next, next: null });
  });

  test("that needs a restart waits for the next run", () => {
    const world = literalFleet();
    world.add();
    world.fleet.want("web", "up", false);
    world.fleet.redefine("web", next, "restart");
    expect(world.record("web")).toMatchObject({ definition: { description: "" }, next });
    world.fleet.restart("web", false);
    world.exit("web", 0);
    expect(world.record("web")).toMatchObject({ state: { tag: "up" }, definition: next, next: null });
  });

  test("is taken once nothing runs any more, also without another run", () => {
    const world = literalFleet();
    world.add();
    world.fleet.want("web", "up", false);
    world.fleet.redefine("web", next, "restart");
    world.fleet.want("web", "down", true);
    expect(world.record("web").next).toBe(next);
    world.exit("web", 0);
    expect(world.record("web")).toMatchObject({ state: { tag: "down" }, definition: next, next: null });
  });

  test("is taken at once by a service that is at rest or waits for its next start", () => {
    const world = literalFleet();
    world.add();
    world.fleet.redefine("web", next, "restart");
    expect(world.record("web").definition).toBe(next);
    world.fleet.want("web", "up", false);
    world.exit("web", 1);
    const third = literalDefinition({ description: "third" });
    world.fleet.redefine("web", third, "restart");
    expect(world.record("web")).toMatchObject({ state: { tag: "backoff" }, definition: third, next: null });
  });

  test("that is live only compared with one that still waits does not come before its time", () => {
    const world = literalFleet();
    world.add();
    world.fleet.want("web", "up", false);
    world.fleet.redefine("web", literalDefinition({ type: "oneshot" }), "restart");
    world.fleet.redefine("web", literalDefinition({ type: "oneshot", description: "new" }), "live");
    expect(world.record("web").definition.type).toBe("simple");
    expect(world.record("web").next).toMatchObject({ type: "oneshot", description: "new" });
  });

  test("that names the reload signal ends the blame of the relay", () => {
    const world = literalFleet();
    world.add();
    world.fleet.amend("web", { endsOnRelay: true });
    world.fleet.redefine("web", next, "live");
    expect(world.record("web").endsOnRelay).toBe(true);
    world.fleet.redefine("web", literalDefinition({ reload: { signalIsWritten: true } }), "live");
    expect(world.record("web").endsOnRelay).toBe(false);
  });
});

describe("restarts", () => {
  test("counts the automatic ones since the last start by hand", () => {
    const world = literalFleet();
    world.add({ restart: { delay: millis(0), resetAfter: millis(0) } });
    world.fleet.want("web", "up", false);
    for (const expected of [1, 2, 3]) {
      world.now += 1_000;
      world.exit("web", 1);
      expect(world.record("web")).toMatchObject({ state: { tag: "up" }, restarts: expected });
    }
    world.fleet.restart("web", true);
    world.exit("web", 0);
    expect(world.record("web")).toMatchObject({ state: { tag: "up" }, restarts: 0 });
  });

  test("are forgotten by a reset, which leaves what runs alone and takes a failed service down", () => {
    const world = literalFleet();
    world.add({ restart: { delay: millis(0), resetAfter: millis(0), limit: { count: 1, within: millis(60_000) } } });
    world.fleet.want("web", "up", false);
    world.now = 1_000;
    world.exit("web", 1);
    world.fleet.post("web", { tag: "reset-asked" });
    expect(world.record("web")).toMatchObject({ state: { tag: "up" }, restarts: 0, want: "up" });
    for (const now of [2_000, 3_000]) {
      world.now = now;
      world.exit("web", 1);
    }
    expect(world.record("web").state.tag).toBe("failed");
    world.fleet.post("web", { tag: "reset-asked" });
    expect(world.record("web")).toMatchObject({ state: { tag: "down", why: "reset" }, restarts: 0, want: "down" });
  });
});
