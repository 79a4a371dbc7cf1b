import { describe, expect, test } from "bun:test";
import { newRecord } from "../../src/core/service-record.ts";
import { FRESH_STREAK } from "../../src/core/service-state.ts";
import { type Instant, type WallTime, millis } from "../../src/core/units.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import type { ReloadPorts } from "../../src/supervisor/reload.ts";
import { applyDifference, findDifference } from "../../src/supervisor/reload.ts";
import { OWN_PID } from "./literal-machine.ts";
import { literalSupervisor } from "./literal-supervisor.ts";

const NO_WAIT = { wait: false, timeout: null } as const;

describe("the start of a supervisor", () => {
  test("starts what is to start by itself, and nothing else", () => {
    const world = literalSupervisor();
    world.boot([{ name: "a" }, { name: "b" }, { name: "m", start: "manual" }]);
    expect(world.spawned.map((plan) => plan.service)).toEqual(["a", "b"]);
    expect(["a", "b", "m"].map(world.stateOf)).toEqual(["up", "up", "down"]);
  });

  test("goes by what an operator decided before it", () => {
    const world = literalSupervisor();
    const remember = (service: string, want: "up" | "down") => ({
      service,
      want,
      invocation: null,
      main: null,
      isMainGone: false,
      exit: null,
    });
    world.boot([{ name: "a" }, { name: "m", start: "manual" }], {
      remembered: [remember("a", "down"), remember("m", "up")],
    });
    expect(["a", "m"].map(world.stateOf)).toEqual(["down", "up"]);
  });

  const LEFT = { service: "web", want: null, invocation: "earlier", isMainGone: false, exit: null } as const;

  test("goes on with what a dead predecessor left, and stops all of it when it is asked to", () => {
    const world = literalSupervisor();
    const main = world.machine.start(501, { parent: 1 });
    world.machine.start(502, { parent: 501 });
    world.boot([{}], { remembered: [{ ...LEFT, main }] });
    expect([world.spawned.length, world.stateOf("web")]).toEqual([0, "up"]);
    expect(world.machine.takeReceivers("SIGTERM")).toEqual([]);
    void world.operator.ask("web", "stop", NO_WAIT);
    world.timers.turns();
    expect(world.machine.takeReceivers("SIGTERM")).toEqual([501, 502]);
    world.endForeign(501);
    expect([world.spawned.length, world.stateOf("web")]).toEqual([0, "stopping"]);
    world.endForeign(502);
    expect([world.spawned.length, world.stateOf("web")]).toEqual([0, "down"]);
  });

  test("tells how a process ended that is no child, if the kernel does, and else takes it for a failure", () => {
    for (const [exit, state] of [
      [{ tag: "code", code: 0 }, "done"],
      [null, "backoff"],
    ] as const) {
      const world = literalSupervisor();
      const main = world.machine.start(501, { parent: 1 });
      world.boot([{ restart: { policy: "on-failure" } }], { remembered: [{ ...LEFT, main }] });
      if (exit !== null) world.machine.exits.set(501, exit);
      world.endForeign(501);
      expect(world.stateOf("web")).toBe(state);
    }
  });

  test("takes what is a child of the guardian by now for its own", () => {
    const world = literalSupervisor();
    const main = world.machine.start(501, { parent: OWN_PID });
    world.boot([{}], { remembered: [{ ...LEFT, main }] });
    world.end(501, { tag: "code", code: 3 });
    expect(world.stateOf("web")).toBe("backoff");
    expect(world.reports.join()).toContain("pid 501 exited 3");
  });

  test("waits for nothing of a dead predecessor's that ends while it is being found", () => {
    const world = literalSupervisor();
    const main = world.machine.start(501, { parent: 1 });
    // It is in the table, and gone when it is to be taken hold of.
    world.machine.onOpen = (pid) => world.machine.end(pid);
    world.boot([{}], { remembered: [{ ...LEFT, main }] });
    world.machine.onOpen = null;
    world.timers.turns();
    expect([world.spawned.length, world.stateOf("web")]).toEqual([0, "backoff"]);
  });

  test("begins nothing again of which the process has ended before it was known to be there", () => {
    const world = literalSupervisor();
    const main = world.machine.start(501, { parent: 1 });
    // Whoever has to reap it takes its time.
    world.machine.becomeZombie(501);
    const restart = { policy: "never" } as const;
    const blank = newRecord(literalDefinition({ restart }), 0 as WallTime);
    const state = { tag: "launching", streak: FRESH_STREAK, automatic: false, startedAt: 0 as Instant } as const;
    const record = { ...blank, want: "up", state } as const;
    world.boot([{ restart }], {
      remembered: [{ ...LEFT, main }],
      saved: new Map([["web", { record, actions: [], run: null }]]),
    });
    expect([world.spawned.length, world.stateOf("web")]).toEqual([0, "failed"]);
  });

  test("stops what a dead predecessor left of a service whose definition is gone, and forgets it", () => {
    const world = literalSupervisor();
    const main = world.machine.start(501, { parent: 1 });
    world.boot([], {
      remembered: [{ service: "old", want: null, invocation: "earlier", main, isMainGone: false, exit: null }],
    });
    expect(world.stateOf("old")).toBe("stopping");
    world.endForeign(501);
    expect(world.stateOf("old")).toBe("gone");
    expect(world.memory).toContain("forget old");
  });
});

describe("an exec that is pending", () => {
  function pending() {
    const world = literalSupervisor();
    world.spawn = () => {
      world.machine.start(201);
      return { tag: "pending", pid: 201, pidfd: world.machine.openPidfd(201) };
    };
    world.boot([{ restart: { policy: "never" } }]);
    world.spawn = null;
    return world;
  }

  test("that succeeds makes the service up", () => {
    const world = pending();
    expect(world.stateOf("web")).toBe("starting");
    world.pending.push({ pid: 201, result: { tag: "spawned" } });
    world.timers.fire();
    expect(world.stateOf("web")).toBe("up");
  });

  test("that fails makes it failed, with the reason", () => {
    const world = pending();
    world.machine.end(201);
    world.machine.closeFd(world.machine.pidfdOf(201));
    world.pending.push({ pid: 201, result: { tag: "failed", stage: "exec", errno: "EIO" } });
    world.timers.fire();
    expect(world.operator.service("web")).toMatchObject({ state: "failed", message: expect.stringContaining("EIO") });
    expect(world.supervisor.belongings.mainOf("web")).toBeNull();
  });

  test("that has failed is told as that also if the end of the process is noticed first", () => {
    const world = pending();
    world.machine.closeFd(world.machine.pidfdOf(201));
    world.pending.push({ pid: 201, result: { tag: "failed", stage: "exec", errno: "EIO" } });
    world.end(201, { tag: "code", code: 127 });
    expect(world.operator.service("web")).toMatchObject({ state: "failed", message: expect.stringContaining("EIO") });
  });

  test("that fails while the service is being stopped ends the stop", () => {
    const world = pending();
    void world.operator.ask("web", "stop", NO_WAIT);
    expect(world.stateOf("web")).toBe("stopping");
    world.machine.end(201);
    world.machine.closeFd(world.machine.pidfdOf(201));
    world.pending.push({ pid: 201, result: { tag: "failed", stage: "exec", errno: "EIO" } });
    world.timers.fire();
    expect(world.stateOf("web")).toBe("down");
  });
});

describe("a manual stop", () => {
  test("is written down, and outlives exits, reloads and time", async () => {
    const world = literalSupervisor();
    world.boot([{}]);
    await world.operator.ask("web", "stop", NO_WAIT);
    expect(world.memory).toContain("wanted web down");
    world.end(201, { tag: "code", code: 1 });
    world.timers.time += 100_000;
    world.timers.turns();
    while (world.timers.fire()) world.timers.turns();
    expect([world.stateOf("web"), world.spawned.length]).toEqual(["down", 1]);
  });
});

describe("a service that is defined again while its predecessor of the same name is being stopped", () => {
  function redefined(first: "auto" | "manual", second: "auto" | "manual") {
    const world = literalSupervisor();
    world.boot([{ start: first }]);
    const { supervisor } = world;
    void world.operator.ask("web", "start", NO_WAIT);
    const ports: ReloadPorts = {
      fleet: supervisor.fleet,
      configure: () => {},
      unfit: () => null,
      startIfAuto: (name) => supervisor.startIfAuto(name, null),
    };
    for (const definitions of [[], [literalDefinition({ start: second, command: ["/bin/new"] })]])
      applyDifference(findDifference(supervisor.fleet, definitions, new Set()), definitions, ports);
    world.timers.turns();
    world.end(201);
    return world;
  }

  test("is started if it was and is to start by itself", () => {
    expect(redefined("auto", "auto").stateOf("web")).toBe("up");
  });

  test("is started if it is to start by itself from now on", () => {
    expect(redefined("manual", "auto").stateOf("web")).toBe("up");
  });

  test("is not started if it no longer is to start by itself", () => {
    expect(redefined("auto", "manual").stateOf("web")).toBe("down");
  });
});

describe("the end of a supervisor", () => {
  test("stops every service and then says once that it is over", () => {
    const world = literalSupervisor();
    world.boot([{ name: "a" }, { name: "b" }]);
    world.supervisor.end(3, "asked");
    expect(world.machine.takeReceivers("SIGTERM")).toEqual([201, 202]);
    world.end(201);
    expect(world.endings).toEqual([]);
    world.end(202, { tag: "code", code: 1 });
    world.timers.turns();
    expect(world.endings).toEqual([3]);
    expect(world.spawned.length).toBe(2);
  });

  test("starts nothing more, and lets nobody start anything", async () => {
    const world = literalSupervisor();
    world.boot([{ name: "a" }, { name: "m", start: "manual" }]);
    world.supervisor.end(0, "asked");
    expect((await world.operator.ask("m", "start", NO_WAIT)).tag).toBe("failed");
    expect((await world.operator.ask("a", "restart", NO_WAIT)).tag).toBe("failed");
    world.end(201, { tag: "code", code: 1 });
    expect([world.spawned.length, world.endings]).toEqual([2 - 1, [0]]);
  });

  test("by signals kills what is left at one that comes 2 s or more after the first, and ignores earlier ones", () => {
    const world = literalSupervisor();
    world.boot([{}]);
    world.supervisor.endBySignal("SIGTERM");
    for (const span of [1, 1_998]) {
      world.timers.time += span;
      world.supervisor.endBySignal("SIGTERM");
      expect(world.machine.takeReceivers("SIGKILL")).toEqual([]);
    }
    world.timers.time += 1;
    world.supervisor.endBySignal("SIGTERM");
    expect(world.machine.takeReceivers("SIGKILL")).toEqual([201]);
  });

  test("kills what is left after the limit of the whole end, again and again until it is over, and keeps its status", () => {
    const world = literalSupervisor({ stopTimeout: millis(8_000) });
    world.boot([{ name: "a", stop: { timeout: millis(60_000) } }, { name: "b" }]);
    world.supervisor.end(3, "asked");
    world.end(202);
    world.timers.passTime(7_999);
    expect(world.machine.takeReceivers("SIGKILL")).toEqual([]);
    world.timers.passTime(1);
    expect(world.machine.takeReceivers("SIGKILL")).toEqual([201]);
    expect(world.reports).toContain("warning: killing everything: not stopped within 8s");
    world.end(201);
    expect(world.endings).toEqual([3]);
    world.timers.passTime(10_000);
    expect(world.timers.waiting).toEqual([]);
  });

  test("is not killed by the limit if it was over before", () => {
    const world = literalSupervisor({ stopTimeout: millis(8_000) });
    world.boot([{}]);
    world.supervisor.end(0, "asked");
    world.end(201);
    world.timers.passTime(10_000);
    expect(world.reports.filter((line) => line.includes("killing"))).toEqual([]);
  });

  test("follows the end of a critical service, with its status", () => {
    const world = literalSupervisor();
    world.boot([{ name: "a", critical: true }, { name: "b" }]);
    world.end(201, { tag: "signal", signal: "SIGSEGV", dumped: false });
    expect(world.stateOf("b")).toBe("stopping");
    world.end(202);
    expect(world.endings).toEqual([139]);
  });

  test("does not wait for what cannot be killed", () => {
    const world = literalSupervisor();
    world.boot([{}]);
    world.machine.isKillable = false;
    world.supervisor.end(0, "asked");
    world.timers.turns();
    for (let timer = 0; timer < 5 && world.endings.length === 0; timer++) {
      world.timers.fire();
      world.timers.turns();
    }
    expect(world.endings).toEqual([0]);
    expect(world.reports.some((line) => line.startsWith("err:") && line.includes("201"))).toBe(true);
  });
});
