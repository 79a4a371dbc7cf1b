import { describe, expect, test } from "bun:test";
import type { ServiceEvent } from "../../src/core/service-event.ts";
import { type ServiceState, deadlineOf } from "../../src/core/service-state.ts";
import { step } from "../../src/core/step.ts";
import type { StateOf } from "../../src/core/transitions.ts";
import { type Instant, millis } from "../../src/core/units.ts";
import type { DefinitionChanges } from "./literal-definition.ts";
import { EVENTS, NOW, STATES, contextOf, told } from "./literal-states.ts";

const EXITED_ALONE: ServiceEvent = {
  tag: "exited",
  exit: { tag: "signal", signal: "SIGTERM", dumped: false },
  survivors: 0,
};
const EXITED_BEFORE_OTHERS: ServiceEvent = { ...EXITED_ALONE, survivors: 2 };
const START_ANEW = { tag: "start-anew" } as const;
const TIMEOUT = {
  tag: "judge",
  ending: { exit: null, result: "timeout", length: millis(0), reason: "too slow" },
} as const;

/** What becomes of a state when these events follow each other; the actions of the last one are told. */
function follow(state: ServiceState, events: readonly ServiceEvent[], changes: DefinitionChanges = {}): string {
  const context = contextOf(changes);
  const before = events.slice(0, -1).reduce((current, event) => step(current, event, context).state, state);
  const last = events.at(-1);
  return last === undefined ? "" : told(before, last, context);
}

function stopping(changes: Partial<StateOf<"stopping">>): StateOf<"stopping"> {
  return { ...STATES.stopping, ...changes };
}

describe("a stop", () => {
  test("during the start, the backoff or the life of a service ends in down, without the restart policy", () => {
    const stop = EVENTS["stop-asked"];
    expect(follow(STATES.execing, [stop, EXITED_ALONE])).toBe("down stopped");
    expect(follow(STATES.starting, [stop, EXITED_ALONE], { type: "oneshot" })).toBe("down stopped");
    expect(follow(STATES.starting, [stop, EXITED_ALONE], { type: "forking" })).toBe("down stopped");
    expect(follow(STATES.naming, [stop, EVENTS.emptied], { type: "forking" })).toBe("down stopped");
    expect(follow(STATES.up, [stop, EXITED_ALONE])).toBe("down stopped");
    expect(follow(STATES.backoff, [stop])).toBe("down stopped");
  });

  test("overtakes whatever was to follow the end", () => {
    for (const afterwards of [START_ANEW, TIMEOUT, { tag: "fail", reason: "too slow" } as const]) {
      const stop = EVENTS["stop-asked"];
      expect(follow(stopping({ afterwards }), [stop, EXITED_ALONE])).toBe("down stopped");
      expect(follow({ ...STATES.sweeping, afterwards }, [stop, EVENTS.emptied])).toBe("down stopped");
      expect(follow({ ...STATES.stuck, afterwards }, [stop, EVENTS.emptied])).toBe("down stopped");
    }
  });

  test("is overtaken by a start, which begins once nothing is left", () => {
    for (const ask of [EVENTS["start-asked"], EVENTS["restart-asked"]]) {
      expect(follow(STATES.stopping, [ask, EXITED_ALONE])).toBe("launching after 0: spawn");
      expect(follow(STATES.stopping, [ask, EXITED_BEFORE_OTHERS])).toBe("sweeping asked, start-anew");
      expect(follow(STATES.sweeping, [ask, EVENTS.emptied])).toBe("launching after 0: spawn");
      expect(follow(STATES.stuck, [ask, EVENTS.emptied])).toBe("launching after 0: spawn");
    }
  });

  test("gains no time by being asked for again, or by being overtaken", () => {
    for (const event of [EVENTS["stop-asked"], EVENTS["start-asked"], EVENTS["restart-asked"], EVENTS["found-unfit"]]) {
      for (const state of [STATES.stopping, STATES.sweeping])
        expect(deadlineOf(step(state, event, contextOf()).state)).toBe(deadlineOf(state));
    }
  });

  test("has the time that the definition gives it, and SIGKILL has 10 s", () => {
    const asked = step(STATES.up, EVENTS["stop-asked"], contextOf({ stop: { timeout: millis(3_000) } }));
    expect(deadlineOf(asked.state)).toBe((NOW + 3_000) as Instant);
    const overdue = step(asked.state, EVENTS["deadline-passed"], contextOf());
    expect(deadlineOf(overdue.state)).toBe((NOW + 10_000) as Instant);
    const killed = step(STATES.up, EVENTS["kill-asked"], contextOf());
    expect(deadlineOf(killed.state)).toBe((NOW + 10_000) as Instant);
  });
});

describe("a service that does not follow", () => {
  const late = EVENTS["deadline-passed"];

  test("is killed when its time is up, and stuck if that does not end it", () => {
    expect(follow(STATES.up, [EVENTS["stop-asked"], late])).toBe("stopping 7 overdue, rest: kill-all");
    expect(follow(STATES.up, [EVENTS["stop-asked"], late, late])).toBe("stuck, rest: report-unkillable");
    expect(follow(STATES.up, [EVENTS["kill-asked"], late])).toBe("stuck, rest: report-unkillable");
    expect(follow(STATES.execing, [late, late])).toStartWith("stuck, fail");
    expect(follow(STATES.naming, [EVENTS["stop-asked"], late])).toBe("sweeping killed, rest: kill-all");
    expect(follow(STATES.naming, [EVENTS["stop-asked"], late, late])).toBe("stuck, rest: report-unkillable");
  });

  test("keeps what is to follow, and follows it late", () => {
    const late3 = [EVENTS["restart-asked"], late, late];
    expect(follow(STATES.up, late3)).toBe("stuck, start-anew: report-unkillable");
    expect(follow(STATES.up, [...late3, EXITED_ALONE])).toBe("launching after 0: spawn");
    expect(follow(STATES.up, [...late3, EXITED_BEFORE_OTHERS])).toBe("=");
    expect(follow(STATES.up, [...late3, EXITED_BEFORE_OTHERS, EVENTS.emptied])).toBe("launching after 0: spawn");
  });

  test("counts as timed out for the restart policy if it was not asked to stop by anybody", () => {
    expect(follow(stopping({ afterwards: TIMEOUT }), [late])).toBe(
      "stopping 7 overdue, judge timeout (too slow, and did not stop within 10s): kill-all",
    );
  });
});

describe("who is signalled", () => {
  const stop = EVENTS["stop-asked"];
  const kill = EVENTS["kill-asked"];
  const late = EVENTS["deadline-passed"];

  test.each([
    ["group", "signal-all SIGTERM", "kill-all"],
    ["mixed", "signal-main 7 SIGTERM", "kill-all"],
    ["main", "signal-main 7 SIGTERM", "kill-main 7"],
  ] as const)("with the scope %s: by a stop %s, and by a kill, or when it is late, %s", (scope, asked, killed) => {
    const changes = { stop: { scope } };
    expect(follow(STATES.up, [stop], changes)).toBe(`stopping 7 asked, rest: ${asked}`);
    expect(follow(STATES.up, [stop, late], changes)).toBe(`stopping 7 overdue, rest: ${killed}`);
    expect(follow(STATES.up, [kill], changes)).toBe(`stopping 7 killed, rest: ${killed}`);
  });

  test.each([
    ["group", "sweeping asked, rest"],
    ["mixed", "sweeping killed, rest: kill-all"],
    ["main", "down stopped: leave-rest"],
  ] as const)("with the scope %s once the main process has followed and others have not: %s", (scope, outcome) => {
    expect(follow(STATES.up, [stop, EXITED_BEFORE_OTHERS], { stop: { scope } })).toBe(outcome);
  });

  test.each([
    ["group", "sweeping asked, judge exit (killed by SIGTERM): signal-all SIGTERM"],
    ["mixed", "sweeping asked, judge exit (killed by SIGTERM): signal-all SIGTERM"],
    ["main", "backoff after 3 for 400: leave-rest"],
  ] as const)("with the scope %s if the main process ends by itself before others: %s", (scope, outcome) => {
    expect(follow(STATES.up, [EXITED_BEFORE_OTHERS], { stop: { scope } })).toBe(outcome);
  });

  test("is decided when the stop begins: a definition that changes meanwhile does not leave anything running", () => {
    const asked = step(STATES.up, stop, contextOf()).state;
    expect(told(asked, EXITED_BEFORE_OTHERS, contextOf({ stop: { scope: "main" } }))).toBe("sweeping asked, rest");
  });

  test("is the rest no more once it was left, also by a main process that would not die for long", () => {
    const main = { stop: { scope: "main" } } as const;
    const stuck = [stop, late, late];
    expect(follow(STATES.up, stuck, main)).toBe("stuck, rest: report-unkillable");
    expect(follow(STATES.up, [...stuck, EXITED_BEFORE_OTHERS], main)).toBe("down stopped: leave-rest");
    expect(follow(STATES.up, [...stuck, kill], main)).toBe("=");
  });

  test("is told by the definition's own signal", () => {
    const changes = { stop: { signal: "SIGQUIT" } } as const;
    expect(follow(STATES.up, [stop], changes)).toEndWith("signal-all SIGQUIT");
    expect(follow(STATES.naming, [stop], changes)).toEndWith("signal-all SIGQUIT");
    expect(follow(STATES.up, [EXITED_BEFORE_OTHERS], changes)).toEndWith("signal-all SIGQUIT");
  });
});

describe("a stop command", () => {
  const stop = EVENTS["stop-asked"];
  const failed = EVENTS["stop-command-failed"];
  const changes = { stop: { command: ["/bin/stop"] } };

  test("is run instead of the signal", () => {
    expect(follow(STATES.up, [stop], changes)).toBe("stopping 7 asked, rest: run-stop-command");
    expect(follow(STATES.up, [stop, EXITED_ALONE], changes)).toBe("down stopped");
  });

  test("speaks to the main process only: what that leaves is asked by the signal, within the same time", () => {
    const sweeping = follow(STATES.up, [stop, EXITED_BEFORE_OTHERS], changes);
    expect(sweeping).toBe("sweeping asked, rest: signal-all SIGTERM");
    const asked = step(STATES.up, stop, contextOf(changes)).state;
    const rest = step(asked, EXITED_BEFORE_OTHERS, contextOf(changes)).state;
    expect(deadlineOf(rest)).toBe(deadlineOf(asked));
  });

  test("that fails is followed by the signal, also if only others are left by then", () => {
    expect(follow(STATES.up, [stop, failed], changes)).toBe("=: signal-all SIGTERM");
    expect(follow(STATES.up, [stop, EXITED_BEFORE_OTHERS, failed], changes)).toBe("=: signal-all SIGTERM");
    const main = { stop: { ...changes.stop, scope: "main" } } as const;
    expect(follow(STATES.up, [stop, failed], main)).toBe("=: signal-main 7 SIGTERM");
  });

  test("that fails after SIGKILL was sent, or after the service has ended, changes nothing", () => {
    const late = EVENTS["deadline-passed"];
    expect(follow(STATES.up, [stop, late, failed], changes)).toBe("=");
    expect(follow(STATES.up, [stop, late, EXITED_BEFORE_OTHERS, failed], changes)).toBe("=");
    expect(follow(STATES.up, [stop, EXITED_ALONE, failed], changes)).toBe("=");
  });
});
