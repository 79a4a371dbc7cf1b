import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { newRecord } from "../../src/core/service-record.ts";
import { type WallTime, millis } from "../../src/core/units.ts";
import { type Goal, type Outcome, Requests, outcomeOf } from "../../src/supervisor/requests.ts";
import { type DefinitionChanges, literalDefinition } from "../core/literal-definition.ts";
import { literalFleet } from "../core/literal-fleet.ts";
import { STATES, type StateTag } from "../core/literal-states.ts";
import { LiteralTimers } from "./literal-timers.ts";

/** One service whose operators ask and wait, as they do over the control interface. */
function operated(changes: DefinitionChanges = {}) {
  const timers = new LiteralTimers();
  const requests = new Requests(timers);
  const world = literalFleet();
  world.add(changes);
  world.onChange = (record) => requests.changed(record);
  world.onForgotten = (service) => requests.forgotten(service);
  const ask = (goal: Goal, timeout: number | null = null): Promise<Outcome> => {
    requests.overtake("web", goal);
    const decided = requests.wait("web", goal, timeout === null ? null : millis(timeout));
    if (goal === "restart") world.fleet.restart("web", true);
    else world.fleet.want("web", goal === "stop" ? "down" : "up", true);
    const now = world.fleet.get("web");
    if (now !== null) requests.release(now);
    return decided;
  };
  return { timers, requests, world, ask };
}

/** How the request has ended; "open" while it waits. */
async function endOf(request: Promise<Outcome>): Promise<Outcome | "open"> {
  return Promise.race([request, Promise.resolve("open" as const)]);
}

const DONE = { tag: "done", message: null } as const;

describe("a request to start", () => {
  test("ends when the service is up, at once if it is already", async () => {
    const { ask } = operated();
    expect(await endOf(ask("start"))).toEqual(DONE);
    expect(await endOf(ask("start"))).toEqual(DONE);
  });

  test("waits for a oneshot until that is done, and for a daemon until its pid file names it", async () => {
    const oneshot = operated({ type: "oneshot" });
    const request = oneshot.ask("start");
    expect(await endOf(request)).toBe("open");
    oneshot.world.exit("web", 0);
    expect(await endOf(request)).toEqual(DONE);

    const forking = operated({ type: "forking" });
    const other = forking.ask("start");
    forking.world.exit("web", 0, 1);
    expect(await endOf(other)).toBe("open");
    forking.world.fleet.post("web", { tag: "named", pid: 9 });
    expect(await endOf(other)).toEqual(DONE);
  });

  test("ends at the first failure of the attempt, and says why", async () => {
    const { world, ask } = operated();
    world.perform = (_record, action) =>
      action.tag === "spawn" ? { tag: "spawn-failed", reason: "no program" } : null;
    expect(await endOf(ask("start"))).toEqual({ tag: "failed", message: "no program; it will be tried again" });

    const oneshot = operated({ type: "oneshot" });
    const request = oneshot.ask("start");
    oneshot.world.exit("web", 3);
    expect(await endOf(request)).toEqual({ tag: "failed", message: "exited 3" });
  });

  test("is not decided by the failure before it", async () => {
    const { world, ask } = operated({ type: "oneshot" });
    const first = ask("start");
    world.exit("web", 3);
    expect((await first).tag).toBe("failed");
    const second = ask("start");
    expect(await endOf(second)).toBe("open");
    world.exit("web", 0);
    expect(await endOf(second)).toEqual(DONE);
  });

  test("of a service that is being stopped waits for its next run", async () => {
    const { world, ask } = operated();
    await ask("start");
    const stop = ask("stop");
    const start = ask("start");
    expect(await endOf(stop)).toEqual({ tag: "overtaken", message: "overtaken by start" });
    expect(await endOf(start)).toBe("open");
    world.exit("web", 0);
    expect(await endOf(start)).toEqual(DONE);
  });
});

describe("a request to stop", () => {
  test("ends when nothing of the service is left", async () => {
    const { world, ask } = operated();
    expect(await endOf(ask("stop"))).toEqual(DONE);
    await ask("start");
    const request = ask("stop");
    world.exit("web", 0, 2);
    expect(await endOf(request)).toBe("open");
    world.fleet.post("web", { tag: "emptied" });
    expect(await endOf(request)).toEqual(DONE);
  });

  test("fails when something survives SIGKILL", async () => {
    const { world, ask } = operated();
    await ask("start");
    const request = ask("stop");
    for (const now of [10_000, 20_000]) {
      world.now = now;
      world.fleet.expire();
    }
    expect(await endOf(request)).toEqual({ tag: "failed", message: "a process of it cannot be killed" });
  });
});

describe("a request to restart", () => {
  test("does not take the old run for the new one", async () => {
    const { world, ask } = operated();
    await ask("start");
    const request = ask("restart");
    expect(await endOf(request)).toBe("open");
    world.exit("web", 0);
    expect(await endOf(request)).toEqual(DONE);
  });

  test("starts a service that is down", async () => {
    expect(await endOf(operated().ask("restart"))).toEqual(DONE);
  });

  test("fails when the old run cannot be ended", async () => {
    const { world, ask } = operated();
    await ask("start");
    const request = ask("restart");
    for (const now of [10_000, 20_000]) {
      world.now = now;
      world.fleet.expire();
    }
    expect(await endOf(request)).toEqual({ tag: "failed", message: "a process of it cannot be killed" });
  });
});

describe("requests for one service", () => {
  test("for the same goal end together", async () => {
    const { world, ask } = operated();
    await ask("start");
    const stops = [ask("stop"), ask("stop"), ask("stop")];
    world.exit("web", 0);
    expect(await Promise.all(stops.map(endOf))).toEqual([DONE, DONE, DONE]);
  });

  test.each([
    ["start", "stop"],
    ["start", "restart"],
    ["stop", "start"],
    ["stop", "restart"],
    ["restart", "start"],
    ["restart", "stop"],
  ] as const)("to %s are overtaken by one to %s", async (waiting, later) => {
    // A oneshot at work: a start of it waits, and so does its end.
    const { world, ask } = operated({ type: "oneshot" });
    if (waiting !== "start") world.fleet.want("web", "up", false);
    const request = ask(waiting);
    expect(await endOf(request)).toBe("open");
    const other = ask(later);
    expect(await endOf(request)).toEqual({ tag: "overtaken", message: `overtaken by ${later}` });
    expect(await endOf(other)).toBe("open");
  });

  test("are overtaken by the shutdown of the supervisor", async () => {
    const { world, requests, ask } = operated();
    await ask("start");
    const request = ask("restart");
    requests.overtake("web", "shutdown");
    world.fleet.post("web", { tag: "stop-asked" });
    expect(await endOf(request)).toEqual({ tag: "overtaken", message: "overtaken by shutdown" });
  });

  test("end with the service: a stop has reached what it wanted, a start has not", async () => {
    const { world, ask } = operated();
    await ask("start");
    const stop = ask("stop");
    world.fleet.remove("web");
    world.exit("web", 0);
    expect(await endOf(stop)).toEqual(DONE);

    const other = operated({ type: "oneshot" });
    const start = other.ask("start");
    other.world.fleet.remove("web");
    other.world.exit("web", 0);
    expect((await start).tag).toMatch(/overtaken|failed/);
  });
});

describe("the time limit of a request", () => {
  test("ends it, and not what was asked for", async () => {
    const { timers, world, ask } = operated();
    await ask("start");
    const request = ask("stop", 2_000);
    expect(timers.waiting).toEqual([2_000]);
    timers.fire();
    expect(await endOf(request)).toEqual({ tag: "timed-out", message: "not decided within 2s; it goes on" });
    expect(world.record("web").state.tag).toBe("stopping");
  });

  test("is called off when the request has ended before", async () => {
    const { timers, world, ask } = operated();
    await ask("start", 2_000);
    expect(timers.waiting).toEqual([]);
    const request = ask("stop", 2_000);
    world.exit("web", 0);
    expect(await endOf(request)).toEqual(DONE);
    expect(timers.waiting).toEqual([]);
  });

  test("of one request does not end another that has come since", async () => {
    const { timers, world, ask } = operated();
    await ask("start");
    const first = ask("stop", 1_000);
    const second = ask("stop", 5_000);
    timers.fire();
    expect((await first).tag).toBe("timed-out");
    expect(await endOf(second)).toBe("open");
    world.exit("web", 0);
    expect(await endOf(second)).toEqual(DONE);
  });
});

describe("what a state says about a goal", () => {
  const SAID: Readonly<Record<StateTag, readonly [string | null, string | null]>> = {
    down: ["failed", "done"],
    waiting: ["failed", null],
    preparing: [null, null],
    launching: [null, null],
    execing: [null, null],
    starting: [null, null],
    naming: [null, null],
    up: ["done", null],
    leaving: [null, null],
    stopping: [null, null],
    sweeping: [null, null],
    cleaning: [null, null],
    stuck: ["failed", "failed"],
    backoff: ["failed", null],
    done: ["done", "done"],
    failed: ["failed", "done"],
  };

  test.each((Object.keys(SAID) as StateTag[]).map((tag) => [tag] as const))("that is %s", (tag) => {
    const record = { ...newRecord(literalDefinition(), 0 as WallTime), state: STATES[tag] };
    const [start, stop] = SAID[tag];
    const saidOf = (goal: Goal): string | null => outcomeOf(goal, record)?.tag ?? null;
    expect([saidOf("start"), saidOf("restart"), saidOf("stop")]).toEqual([start, start, stop]);
  });
});

describe("every request", () => {
  test("ends, whatever else is asked and happens, once the service has come to rest or is up", async () => {
    const deed = fc.constantFrom("start", "stop", "restart", "exit", "expire", "fail");
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { maxLength: 15 }), async (deeds) => {
        const { world, ask } = operated();
        const requests: Promise<Outcome>[] = [];
        for (const next of deeds) {
          const { state } = world.record("web");
          world.perform = (_record, action) => {
            if (action.tag !== "spawn") return null;
            return next === "fail" ? { tag: "spawn-failed", reason: "" } : { tag: "spawned", pid: 1 };
          };
          world.now += 5_000;
          if (next === "expire" || next === "fail") world.fleet.expire();
          else if (next !== "exit") requests.push(ask(next));
          else if ("pid" in state || state.tag === "stuck") world.exit("web", 1);
        }
        world.perform = null;
        for (let round = 0; round < 4; round++) {
          const { state } = world.record("web");
          if ("pid" in state && state.tag !== "up") world.exit("web", 0);
          if (state.tag === "stuck") world.exit("web", 0);
        }
        expect((await Promise.all(requests.map(endOf))).filter((end) => end === "open")).toEqual([]);
        expect(world.failures).toEqual([]);
      }),
    );
  });
});
