import { describe, expect, test } from "bun:test";
import type { Exit } from "../../src/core/exit.ts";
import type { ServiceEvent } from "../../src/core/service-event.ts";
import { step } from "../../src/core/step.ts";
import type { Instant } from "../../src/core/units.ts";
import { EVENTS, NOW, STATES, contextOf, told, WORKING } from "./literal-states.ts";

const reload = EVENTS["reload-asked"];

describe("a reload of a service", () => {
  test("does what the definition says, to a service that is up", () => {
    const outcomeOf = (changes: Parameters<typeof contextOf>[0]) => told(STATES.up, reload, contextOf(changes));
    expect(outcomeOf({})).toBe("=: relay SIGHUP to 7");
    expect(outcomeOf({ reload: { signal: "SIGUSR2", signalIsWritten: true } })).toBe("=: relay SIGUSR2 to 7 by force");
    expect(outcomeOf({ reload: { action: "command", command: ["/bin/reload"] } })).toBe("=: run-reload-command");
    expect(outcomeOf({ reload: { action: "restart" } })).toBe("=: restart-in-order");
    expect(outcomeOf({ reload: { action: "none" } })).toBe("=");
  });

  test("does nothing to one that is not: a signal would end it while it is starting", () => {
    for (const state of Object.values(STATES)) {
      if (state.tag === "up" || state.tag === "launching") continue;
      const type = state.tag === "starting" || state.tag === "naming" ? "forking" : "simple";
      for (const action of ["signal", "restart"] as const)
        expect(told(state, reload, contextOf({ type, reload: { action } }))).toBe("=");
    }
  });
});

describe("an exit after a relayed signal", () => {
  const relayed = step(STATES.up, EVENTS.relayed, contextOf()).state;

  function exitLater(milliseconds: number, reload: Parameters<typeof contextOf>[0] = {}): string {
    return told(relayed, EVENTS.exited, { ...contextOf(reload), now: (NOW + milliseconds) as Instant });
  }

  test("is put down to it within 5 s", () => {
    expect(exitLater(0)).toContain("note-ended-by-relay");
    expect(exitLater(5_000)).toContain("note-ended-by-relay");
    expect(exitLater(5_001)).not.toContain("note-ended-by-relay");
  });

  test("is not if the definition names the signal", () => {
    expect(exitLater(1, { reload: { signalIsWritten: true } })).not.toContain("note-ended-by-relay");
  });

  test("is not if the signal was withheld from it", () => {
    const { state } = step(STATES.up, reload, contextOf());
    expect(told(state, EVENTS.exited, contextOf())).not.toContain("note-ended-by-relay");
  });

  test("is not if nothing was relayed, or the service was asked to stop in between", () => {
    expect(told(STATES.up, EVENTS.exited, contextOf())).not.toContain("note-ended-by-relay");
    const stopping = step(relayed, EVENTS["stop-asked"], contextOf()).state;
    expect(told(stopping, EVENTS.exited, contextOf())).toBe("down stopped");
  });

  test("is noted before anything follows from it", () => {
    const context = contextOf({ restart: { delay: 0 as never, resetAfter: 0 as never } });
    expect(told(relayed, EVENTS.exited, context)).toBe("launching after 1: note-ended-by-relay, spawn by itself");
  });
});

describe("the end of a critical service", () => {
  const critical = contextOf({ critical: true });

  function exited(exit: Exit): ServiceEvent {
    return { tag: "exited", exit, survivors: 0 };
  }

  test.each([
    [{ tag: "code", code: 0 }, "done: end-supervisor 0"],
    [{ tag: "code", code: 3 }, "failed (exited 3): end-supervisor 3"],
    [{ tag: "signal", signal: "SIGTERM", dumped: false }, "done: end-supervisor 143"],
    [{ tag: "signal", signal: "SIGKILL", dumped: false }, "failed (killed by SIGKILL): end-supervisor 137"],
    [
      { tag: "signal", signal: "SIGSEGV", dumped: true },
      "failed (killed by SIGSEGV (core dumped)): end-supervisor 139",
    ],
    [{ tag: "unknown" }, "failed (ended with an unknown status): end-supervisor 1"],
  ] as const)("by %j ends the supervisor: %s", (exit, outcome) => {
    expect(told(STATES.up, exited(exit), critical)).toBe(outcome);
  });

  test("before it has begun ends the supervisor with 1", () => {
    expect(told(STATES.launching, EVENTS["spawn-failed"], critical)).toEndWith("end-supervisor 1");
    expect(told(STATES.down, EVENTS["found-unfit"], critical)).toBe("failed (there is no user): end-supervisor 1");
    const hanging = step(STATES.execing, EVENTS["deadline-passed"], critical).state;
    expect(told(hanging, EVENTS.exited, critical)).toEndWith("end-supervisor 1");
  });

  test("does not while it is started again, and does once that is given up", () => {
    const again = contextOf({ critical: true, restart: { policy: "always" } });
    expect(told(STATES.up, exited({ tag: "code", code: 3 }), again)).toBe("backoff after 3 for 400");
    const limit = { count: 1, within: 60_000 as never };
    const limited = contextOf({ critical: true, restart: { policy: "always", limit } });
    const streak = { failures: 1, restartedAt: [NOW] };
    expect(told({ ...STATES.up, streak }, exited({ tag: "code", code: 3 }), limited)).toEndWith("end-supervisor 3");
  });

  test("does not if somebody asked for it", () => {
    for (const ask of [EVENTS["stop-asked"], EVENTS["kill-asked"], EVENTS["restart-asked"]]) {
      const stopping = step(STATES.up, ask, critical).state;
      expect(told(stopping, exited({ tag: "code", code: 1 }), critical)).not.toContain("end-supervisor");
    }
  });

  test("does not if it is a oneshot that succeeds, and does if it fails", () => {
    const oneshot = contextOf({ critical: true, type: "oneshot" });
    expect(told(WORKING, exited({ tag: "code", code: 0 }), oneshot)).toBe("done");
    expect(told(WORKING, exited({ tag: "code", code: 2 }), oneshot)).toEndWith("end-supervisor 2");
  });
});
