import { describe, expect, test } from "bun:test";
import type { Exit } from "../../src/core/exit.ts";
import type { ServiceEvent } from "../../src/core/service-event.ts";
import { deadlineOf } from "../../src/core/service-state.ts";
import { step } from "../../src/core/step.ts";
import { type Instant, millis } from "../../src/core/units.ts";
import { EVENTS, NOW, STATES, contextOf, told, WORKING } from "./literal-states.ts";

const FORKING = { type: "forking" } as const;

function exited(exit: number | string, survivors = 0): ServiceEvent {
  const told: Exit =
    typeof exit === "number" ? { tag: "code", code: exit } : { tag: "signal", signal: exit, dumped: false };
  return { tag: "exited", exit: told, survivors };
}

describe("a spawn", () => {
  test("leads to up for a simple service, to starting for the others", () => {
    for (const state of [STATES.launching, STATES.execing]) {
      expect(told(state, EVENTS.spawned, contextOf())).toBe("up 9");
      expect(told(state, EVENTS.spawned, contextOf({ type: "oneshot" }))).toBe("starting 9 (work)");
      expect(told(state, EVENTS.spawned, contextOf(FORKING))).toBe("starting 9");
    }
  });

  test("keeps the time at which the run began, through a pending exec as well", () => {
    const pending = step(STATES.launching, EVENTS["exec-pending"], contextOf()).state;
    const up = step(pending, EVENTS.spawned, contextOf()).state;
    expect(up).toMatchObject({ tag: "up", startedAt: STATES.launching.startedAt, streak: STATES.launching.streak });
  });

  test("gives a oneshot all the time it takes, a forking service 60 s, a pending exec 5 s", () => {
    const after = (event: ServiceEvent, type: "simple" | "oneshot" | "forking") =>
      deadlineOf(step(STATES.launching, event, contextOf({ type })).state);
    expect(after(EVENTS.spawned, "simple")).toBeNull();
    expect(after(EVENTS.spawned, "oneshot")).toBeNull();
    expect(after(EVENTS.spawned, "forking")).toBe((NOW + 60_000) as Instant);
    expect(after(EVENTS["exec-pending"], "oneshot")).toBe((NOW + 5_000) as Instant);
  });

  test("that fails is judged like an exit that was no success", () => {
    const policies = (["always", "on-failure", "on-abnormal", "never"] as const).map((policy) =>
      told(STATES.launching, EVENTS["spawn-failed"], contextOf({ restart: { policy } })),
    );
    const failed = "failed (exec failed: ENOENT: /bin/web)";
    expect(policies).toEqual(["backoff after 3 for 400", "backoff after 3 for 400", failed, failed]);
  });

  test("that fails while the service is being stopped ends the stop: there is no process, and no exit follows", () => {
    const failed = EVENTS["spawn-failed"];
    const anew = { afterwards: { tag: "start-anew" } } as const;
    expect(told(STATES.stopping, failed, contextOf())).toBe("down stopped");
    expect(told({ ...STATES.stopping, ...anew }, failed, contextOf())).toBe("launching after 0: spawn");
    expect(told({ ...STATES.stuck, ...anew }, failed, contextOf())).toBe("launching after 0: spawn");
  });
});

describe("a oneshot", () => {
  const oneshot = contextOf({ type: "oneshot" });

  test("is done after a success, and failed after anything else", () => {
    expect(told(WORKING, exited(0), oneshot)).toBe("done");
    expect(told(WORKING, exited(1), oneshot)).toBe("failed (exited 1)");
    expect(told(WORKING, exited("SIGTERM"), oneshot)).toBe("failed (killed by SIGTERM)");
  });

  test("is tried again if its policy says so", () => {
    const again = contextOf({ type: "oneshot", restart: { policy: "on-failure" } });
    expect(told(WORKING, exited(1), again)).toBe("backoff after 3 for 400");
    expect(told(WORKING, exited(0), again)).toBe("done");
  });

  test("is done only when what it left behind has ended, too", () => {
    const left = step(WORKING, exited(0, 1), oneshot);
    expect(told(left.state, EVENTS.emptied, oneshot)).toBe("done");
  });
});

describe("a main process that ends by itself", () => {
  test("is done, failed, or started again by its policy", () => {
    const never = contextOf({ restart: { policy: "never" } });
    expect(told(STATES.up, exited(0), never)).toBe("done");
    expect(told(STATES.up, exited("SIGTERM"), never)).toBe("done");
    expect(told(STATES.up, exited(3), never)).toBe("failed (exited 3)");
    expect(told(STATES.up, exited(0), contextOf())).toBe("backoff after 3 for 400");
  });

  test("with an exit that prevents a restart is failed, or done if that is a success", () => {
    const restart = { prevent: [0, 78], success: [0] };
    expect(told(STATES.up, exited(78), contextOf({ restart }))).toBe("failed (exited 78)");
    expect(told(STATES.up, exited(0), contextOf({ restart }))).toBe("done");
  });

  test("counts as a success by what the definition lists", () => {
    const restart = { policy: "on-failure", success: [5, "SIGUSR1"] } as const;
    expect(told(STATES.up, exited(5), contextOf({ restart }))).toBe("done");
    expect(told(STATES.up, exited("SIGUSR1"), contextOf({ restart }))).toBe("done");
    expect(told(STATES.up, exited(0), contextOf({ restart }))).toBe("backoff after 3 for 400");
  });

  test("is started again at once the first time if the delay is 0", () => {
    const restart = { delay: millis(0), resetAfter: millis(1_000) };
    expect(told(STATES.up, exited(1), contextOf({ restart }))).toBe("launching after 1: spawn by itself");
  });

  test("too often ends in failed, which says why", () => {
    const limited = contextOf({ restart: { limit: { count: 1, within: millis(60_000) } } });
    const streak = { failures: 1, restartedAt: [(NOW - 1_000) as Instant] };
    expect(told({ ...STATES.up, streak }, exited(1), limited)).toBe(
      "failed (exited 1; given up: restarted 1 times within 60s)",
    );
  });
});

describe("a forking service", () => {
  const forking = contextOf(FORKING);

  test("waits for its pid file once the starter has exited 0 and left something running", () => {
    expect(told(STATES.starting, exited(0, 1), forking)).toBe("naming");
    expect(told(STATES.naming, EVENTS.named, forking)).toBe("up 8");
  });

  test("has one time limit from the start to the pid file", () => {
    const naming = step(STATES.starting, exited(0, 1), forking).state;
    expect(deadlineOf(naming)).toBe(deadlineOf(STATES.starting));
  });

  test("whose starter exits 0 and leaves nothing has failed, and the reason says so", () => {
    const never = contextOf({ ...FORKING, restart: { policy: "never" } });
    expect(told(STATES.starting, exited(0), never)).toBe(
      "failed (the started process exited 0 and left nothing running)",
    );
    expect(told(STATES.starting, exited(0), forking)).toBe("backoff after 3 for 400");
  });

  test("whose starter fails has what it left ended first", () => {
    expect(told(STATES.starting, exited(1, 1), forking)).toBe(
      "sweeping asked, judge exit (exited 1): signal-all SIGTERM",
    );
    expect(told(STATES.starting, exited("SIGSEGV", 1), forking)).toStartWith("sweeping asked, judge exit");
  });

  test("whose processes all end before the pid file names one has failed", () => {
    const never = contextOf({ ...FORKING, restart: { policy: "never" } });
    expect(told(STATES.naming, EVENTS.emptied, never)).toBe(
      "failed (all its processes ended before the pid file named one)",
    );
  });

  test("that is late is ended, and judged as timed out", () => {
    const naming = step(STATES.naming, EVENTS["deadline-passed"], forking).state;
    expect(told(naming, EVENTS.emptied, contextOf({ ...FORKING, restart: { policy: "on-abnormal" } }))).toBe(
      "backoff after 3 for 400",
    );
    const starting = step(STATES.starting, EVENTS["deadline-passed"], forking).state;
    expect(told(starting, exited(0), contextOf({ ...FORKING, restart: { policy: "never" } }))).toBe(
      "failed (the started process did not exit)",
    );
  });

  test("is ended whole until it is up, whatever the scope: any of its processes may be the main one to be", () => {
    const main = contextOf({ ...FORKING, stop: { scope: "main" } });
    const asked = "asked, rest: signal-all SIGTERM";
    expect(told(STATES.starting, EVENTS["stop-asked"], main)).toBe(`stopping 7 ${asked}`);
    expect(told(STATES.starting, EVENTS["kill-asked"], main)).toBe("stopping 7 killed, rest: kill-all");
    const stopping = step(STATES.starting, EVENTS["stop-asked"], main).state;
    expect(told(stopping, exited("SIGTERM", 1), main)).toBe("sweeping asked, rest");
    expect(told(stopping, EVENTS["deadline-passed"], main)).toBe("stopping 7 overdue, rest: kill-all");
    expect(told(STATES.starting, exited(1, 1), main)).toStartWith("sweeping asked, judge");
    expect(told(STATES.naming, EVENTS["stop-asked"], main)).toBe(`sweeping ${asked}`);
  });

  test("that is up is ended as its scope says", () => {
    const main = contextOf({ ...FORKING, stop: { scope: "main" } });
    expect(told(STATES.up, EVENTS["stop-asked"], main)).toBe("stopping 7 asked, rest: signal-main 7 SIGTERM");
    expect(told(STATES.up, exited(1, 1), main)).toBe("backoff after 3 for 400: leave-rest");
  });
});
