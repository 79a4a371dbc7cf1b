/* How a service goes on whose supervisor is gone: for every state, by what is left of it. */
import { describe, expect, test } from "bun:test";
import { type Evidence, restoreRecord, restoreUnknown } from "../../src/core/restore-record.ts";
import type { SavedService } from "../../src/core/saved-record.ts";
import type { ServiceAction } from "../../src/core/service-event.ts";
import { newRecord } from "../../src/core/service-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import type { WallTime } from "../../src/core/units.ts";
import { literalDefinition } from "./literal-definition.ts";
import { NOW, PID, STATES, type StateTag, WORKING } from "./literal-states.ts";

const WALL = 1_700_000_000_000 as WallTime;
const NOTHING: Evidence = { main: null, isMainGone: false, others: 0, exit: null };
const LIVES: Evidence = { ...NOTHING, main: { pid: PID, hasExecuted: true } };
const PRE_EXEC: Evidence = { ...NOTHING, main: { pid: PID, hasExecuted: false } };
const OTHER: Evidence = { ...NOTHING, main: { pid: 99, hasExecuted: true } };
const NOTED: Evidence = { main: null, isMainGone: false, others: 2, exit: { tag: "code", code: 3 } };

function saved(state: ServiceState, actions: readonly ServiceAction[] = []): SavedService {
  const record = { ...newRecord(literalDefinition(), WALL), state, want: "up", restarts: 4 } as const;
  return { record, actions, run: 1 };
}

/** In short: "=" or the new state, the actions, and the events after a ">". */
function told(state: ServiceState, evidence: Evidence, actions: readonly ServiceAction[] = []): string {
  const before = saved(state, actions);
  const { record, actions: due, events } = restoreRecord(before, evidence);
  const now = Bun.deepEquals(record.state, state) ? "=" : `${record.state.tag} ${JSON.stringify(record.state)}`;
  const after = events.map((event) => {
    if (event.tag !== "exited") return "pid" in event ? `${event.tag} ${event.pid}` : event.tag;
    return `exited ${event.exit.tag === "code" ? event.exit.code : event.exit.tag}, ${event.survivors} left`;
  });
  return [now, ...due.map((action) => action.tag), ...after.map((text) => `> ${text}`)].join(" ");
}

const KEPT = "=";
const GONE = "= > exited unknown, 0 left";
const ENDED = "= > exited 3, 2 left";

const TABLE: Readonly<Record<StateTag, Readonly<Partial<Record<"nothing" | "lives" | "other" | "noted", string>>>>> = {
  down: { nothing: KEPT, noted: KEPT },
  waiting: { nothing: KEPT, noted: KEPT },
  backoff: { nothing: KEPT, noted: KEPT },
  done: { nothing: KEPT, noted: KEPT },
  failed: { nothing: KEPT, noted: KEPT },
  preparing: { nothing: KEPT },
  launching: { lives: "= > spawned 7", other: "= > spawned 99" },
  execing: { nothing: GONE, lives: "= > spawned 7", noted: ENDED },
  starting: { nothing: GONE, lives: KEPT, other: "= > main-changed 99", noted: ENDED },
  naming: { nothing: "= > emptied", other: "= > named 99", noted: KEPT },
  up: { nothing: GONE, lives: KEPT, other: "= > main-changed 99", noted: ENDED },
  leaving: { nothing: GONE, lives: KEPT, other: "= > main-changed 99", noted: ENDED },
  stopping: { nothing: GONE, lives: KEPT, other: "= > main-changed 99", noted: ENDED },
  sweeping: { nothing: "= > emptied", noted: KEPT },
  stuck: { nothing: "= > emptied", lives: KEPT, noted: KEPT },
  cleaning: { nothing: KEPT },
};

const EVIDENCE = { nothing: NOTHING, lives: LIVES, other: OTHER, noted: NOTED } as const;
const ROWS = Object.entries(TABLE).flatMap(([tag, row]) =>
  Object.entries(row).map(([what, expected]) => [tag as StateTag, what as keyof typeof EVIDENCE, expected] as const),
);

describe("a service goes on where it was", () => {
  test.each(ROWS)("%s with %s left: %s", (tag, what, expected) => {
    expect(told(STATES[tag], EVIDENCE[what])).toBe(expected);
  });

  test("whatever it was doing that left no trace is begun again", () => {
    const looking = { ...STATES.preparing, doing: "look" } as const;
    expect(restoreRecord(saved(looking), NOTHING).actions).toEqual([{ tag: "look", again: false }]);
    const reading = { ...STATES.preparing, doing: "read" } as const;
    expect(restoreRecord(saved(reading), NOTHING).actions).toEqual([{ tag: "look", again: true }]);
  });

  test("a start of which no process came goes on behind its hook, and is counted once", () => {
    const { record, actions, events } = restoreRecord(
      saved(STATES.launching, [{ tag: "spawn", automatic: true }]),
      NOTHING,
    );
    expect(record).toMatchObject({ state: { tag: "preparing", doing: "read", automatic: true }, restarts: 3 });
    expect([actions, events]).toEqual([[{ tag: "look", again: true }], []]);
    const byHand = restoreRecord(saved({ ...STATES.launching, automatic: false }), NOTHING);
    expect(byHand.record).toMatchObject({ state: { automatic: false }, restarts: 4 });
  });

  test("a start whose process is gone already has failed, and what that has left goes with it", () => {
    const gone: Evidence = { ...NOTHING, isMainGone: true, others: 1 };
    const { record, events } = restoreRecord(saved(STATES.launching), gone);
    expect(record).toMatchObject({ state: { tag: "execing" }, restarts: 4 });
    expect(events).toEqual([{ tag: "exited", exit: { tag: "unknown" }, survivors: 1 }]);
  });

  test("an exec that had not returned is waited for", () => {
    expect(told(STATES.launching, PRE_EXEC)).toBe("= > exec-pending 7");
    expect(told(STATES.execing, PRE_EXEC)).toBe("=");
  });
});

test("a main process that could not be killed and is gone after all is no longer waited for, whatever it has left", () => {
  const stuck = { ...STATES.stuck, scope: "main" } as const;
  expect(told(stuck, LIVES)).toBe("=");
  expect(told(stuck, NOTED)).toBe("= > exited 3, 2 left");
});

describe("what was to be done and may not have been", () => {
  const signal: ServiceAction = { tag: "signal-all", signal: "SIGTERM" };
  const hook: ServiceAction = { tag: "run-hook", hook: "before_start", ending: null };
  const failure: ServiceAction = {
    tag: "tell-failure",
    ending: { exit: null, result: "timeout", length: 0 as never, reason: "late" },
  };
  const end: ServiceAction = { tag: "end-supervisor", code: 1 };

  test("is done", () => {
    expect(told(STATES.stopping, LIVES, [signal])).toBe("= signal-all");
    expect(told(STATES.sweeping, NOTED, [signal])).toBe("= signal-all");
    expect(told(STATES.preparing, NOTHING, [hook])).toBe("= run-hook");
    expect(told(STATES.failed, NOTHING, [failure, end])).toBe("= tell-failure end-supervisor");
  });

  test("is not done to what is gone, or if it left a trace of its own", () => {
    expect(told(STATES.stopping, NOTHING, [signal, failure])).toBe("= tell-failure > exited unknown, 0 left");
    expect(told(STATES.sweeping, NOTHING, [signal])).toBe("= > emptied");
    expect(told(STATES.launching, LIVES, [{ tag: "spawn", automatic: false }])).toBe("= > spawned 7");
    expect(told(STATES.down, NOTHING, [{ tag: "leave-rest" }, { tag: "drop-look" }])).toBe("=");
  });
});

describe("a service of which no record is left", () => {
  const UNKNOWN = { want: "up", now: NOW, wall: WALL } as const;

  test("counts as up if a process of it lives; one that works, as at work", () => {
    const simple = restoreUnknown(literalDefinition(), LIVES, UNKNOWN);
    expect(simple).toMatchObject({
      record: { state: { tag: "up", pid: PID }, want: "up", startedAt: NOW },
      actions: [],
    });
    const oneshot = restoreUnknown(literalDefinition({ type: "oneshot" }), LIVES, UNKNOWN);
    expect(oneshot?.record.state).toEqual({ ...WORKING, streak: { failures: 0, restartedAt: [] }, startedAt: NOW });
    const young = restoreUnknown(literalDefinition(), PRE_EXEC, UNKNOWN);
    expect(young?.record.state).toMatchObject({ tag: "execing", pid: PID });
  });

  test("is swept if only others are left, and begins anew if nothing is", () => {
    expect(restoreUnknown(literalDefinition(), NOTED, UNKNOWN)).toMatchObject({
      record: { state: { tag: "sweeping", afterwards: { tag: "enable" } } },
      actions: [{ tag: "signal-all" }],
    });
    const unwanted = restoreUnknown(literalDefinition(), NOTED, { ...UNKNOWN, want: "down" });
    expect(unwanted?.record.state).toMatchObject({ afterwards: { tag: "rest" } });
    expect(restoreUnknown(literalDefinition(), NOTHING, UNKNOWN)).toBeNull();
  });
});
