import { describe, expect, test } from "bun:test";
import type { ReadyMethod } from "../../src/core/life-policies.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import { millis } from "../../src/core/units.ts";
import { Readiness } from "../../src/supervisor/readiness.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { STATES } from "../core/literal-states.ts";
import { LiteralCheckedLife } from "./literal-checked-life.ts";

/** What is asked, as it is said. */
const ADDRESS = "tcp 127.0.0.1:80";
const TCP: ReadyMethod = { tag: "tcp", host: "127.0.0.1", port: 80 };
const LOG: ReadyMethod = { tag: "log", pattern: "listening" };

const FORKING: ServiceState = STATES.starting;
const READYING: ServiceState = { ...STATES.starting, phase: "ready" };

/** A service that is ready by this method. */
function readiness(method: ReadyMethod) {
  const definition = literalDefinition({ ready: { method, timeout: millis(60_000), interval: millis(200) } });
  const life = new LiteralCheckedLife(definition);
  const lines: { readonly pattern: string; readonly found: () => void; isOff: boolean }[] = [];
  const companion = new Readiness({
    timers: life.timers,
    checks: life.checks,
    tell: life.tell,
    amend: life.amend,
    annotate: life.annotate,
    output: {
      expect(_service, pattern, found) {
        const line = { pattern, found, isOff: false };
        lines.push(line);
        return () => (line.isOff = true);
      },
    },
  });
  life.companion = companion;
  return Object.assign(life, {
    lines,
    readiness: companion,
    /** A process is started, as the launcher does it. */
    launch(): void {
      life.enter(STATES.launching);
      companion.equip(definition);
      companion.began(definition, 7);
    },
  });
}

describe("a service that is ready by a check", () => {
  test("is asked at once when it runs, then after each pause, until the first good answer", () => {
    const life = readiness(TCP);
    life.launch();
    life.enter(READYING);
    expect([life.isChecking, life.timers.time]).toEqual([true, 0]);
    life.check(false);
    expect([life.isChecking, life.timers.waiting]).toEqual([false, [200]]);
    life.check(false);
    life.check(true);
    expect([life.told, life.timers.time]).toEqual([[{ tag: "ready" }], 400]);
    life.enter(STATES.up);
    expect([life.isChecking, life.timers.waiting, life.begun.length]).toEqual([false, [], 3]);
  });

  test("is asked about its own definition and main process", () => {
    const life = readiness(TCP);
    life.launch();
    life.enter(READYING);
    life.check(false);
    life.enter({ ...READYING, pid: 12 } as ServiceState);
    life.check(false);
    expect(life.begun.map(({ check, mainPid }) => ({ check, mainPid }))).toEqual([
      { check: TCP, mainPid: 7 },
      { check: TCP, mainPid: 12 },
    ]);
  });

  test("says what it is waited for, once for each thing that is found, and no more once it is ready", () => {
    const life = readiness(TCP);
    const notes: (string | null)[] = [];
    life.launch();
    life.enter(READYING);
    for (const detail of ["connection refused", "connection refused", "connection reset"]) {
      const before = life.record;
      life.check(false, detail);
      expect(life.record === before).toBe(notes.at(-1) === `not ready yet: ${ADDRESS}: ${detail}`);
      notes.push(life.record.note);
    }
    expect(notes).toEqual([
      `not ready yet: ${ADDRESS}: connection refused`,
      `not ready yet: ${ADDRESS}: connection refused`,
      `not ready yet: ${ADDRESS}: connection reset`,
    ]);
    life.check(true);
    expect(life.record.note).toBeNull();
  });

  test("keeps what somebody else has noted meanwhile", () => {
    const life = readiness(TCP);
    life.launch();
    life.enter(READYING);
    life.check(false);
    life.amend("web", { note: "the old definition runs on" });
    life.check(true);
    expect([life.record.note, life.told.length]).toEqual(["the old definition runs on", 1]);
  });

  test.each(["stopping", "backoff", "failed", "down", "leaving"] as const)(
    "is not asked any more once it is %s",
    (tag) => {
      const life = readiness(TCP);
      life.launch();
      life.enter(READYING);
      life.enter(STATES[tag]);
      expect([life.isChecking, life.calledOff, life.timers.waiting]).toEqual([false, 1, []]);
    },
  );

  test("is not asked any more between two checks, either", () => {
    const life = readiness(TCP);
    life.launch();
    life.enter(READYING);
    life.check(false);
    life.enter(STATES.stopping);
    expect([life.timers.waiting, life.told]).toEqual([[], []]);
  });

  test("is not asked before it is waited for", () => {
    const life = readiness(TCP);
    life.launch();
    for (const state of [FORKING, STATES.naming, STATES.execing, STATES.up]) life.enter(state);
    expect(life.begun).toEqual([]);
  });

  test("is asked anew in its next run", () => {
    const life = readiness(TCP);
    for (let run = 0; run < 2; run++) {
      life.launch();
      life.enter(READYING);
      life.check(true);
      life.enter(STATES.backoff);
    }
    expect(life.told).toHaveLength(2);
  });

  test("that is forgotten is asked no more", () => {
    const life = readiness(TCP);
    life.launch();
    life.enter(READYING);
    life.readiness.forgotten("web");
    expect([life.isChecking, life.timers.waiting]).toEqual([false, []]);
  });
});

describe("a service that is ready by a line of its output", () => {
  test("is ready when the line comes", () => {
    const life = readiness(LOG);
    life.launch();
    life.enter(READYING);
    expect(life.record.note).toBe('not ready yet: no line of its output has matched "listening"');
    expect(life.lines.map(({ pattern }) => pattern)).toEqual(["listening"]);
    life.lines[0]?.found();
    expect([life.told, life.record.note]).toEqual([[{ tag: "ready" }], null]);
  });

  test("is ready at once if the line has come before it is waited for", () => {
    const life = readiness(LOG);
    life.launch();
    life.enter(FORKING);
    life.lines[0]?.found();
    life.enter(STATES.naming);
    expect(life.told).toEqual([]);
    life.enter(READYING);
    expect(life.told).toEqual([{ tag: "ready" }]);
  });

  test("is held to a line of each run: that of an earlier one does not count", () => {
    const life = readiness(LOG);
    life.launch();
    life.enter(READYING);
    life.lines[0]?.found();
    life.enter(STATES.backoff);
    life.launch();
    life.enter(READYING);
    expect([life.told.length, life.lines.length, life.lines[0]?.isOff]).toEqual([1, 2, true]);
    life.lines[1]?.found();
    expect(life.told).toHaveLength(2);
  });

  test.each(["stopping", "backoff", "failed", "down"] as const)("is not listened to any more once it is %s", (tag) => {
    const life = readiness(LOG);
    life.launch();
    life.enter(READYING);
    life.enter(STATES[tag]);
    expect(life.lines[0]?.isOff).toBe(true);
  });

  test("is not listened to if no process came of its start", () => {
    const life = readiness(LOG);
    life.enter(STATES.launching);
    life.readiness.equip(life.record.definition);
    life.readiness.began(life.record.definition, null);
    expect(life.lines[0]?.isOff).toBe(true);
  });
});

test("a service that says itself when it is ready is not asked", () => {
  const life = readiness({ tag: "notify" });
  life.launch();
  life.enter(READYING);
  expect([life.begun, life.lines, life.timers.waiting]).toEqual([[], [], []]);
});

describe("over the death of the supervisor", () => {
  function successorOf(before: ReturnType<typeof readiness>, method: ReadyMethod) {
    const life = readiness(method);
    life.adopt(before.record);
    return life;
  }

  test("a service is asked anew", () => {
    const before = readiness(TCP);
    before.launch();
    before.enter(READYING);
    const life = successorOf(before, TCP);
    expect(life.isChecking).toBe(true);
    life.check(true);
    expect(life.told).toEqual([{ tag: "ready" }]);
  });

  test("its line is looked for in what nobody has read yet", () => {
    const before = readiness(LOG);
    before.launch();
    before.enter(READYING);
    const life = successorOf(before, LOG);
    expect(life.lines.map(({ pattern }) => pattern)).toEqual(["listening"]);
    life.lines[0]?.found();
    expect(life.told).toEqual([{ tag: "ready" }]);
  });

  test("a line that came before its exec was known to have succeeded counts after that", () => {
    const before = readiness(LOG);
    before.launch();
    before.lines[0]?.found();
    const life = successorOf(before, LOG);
    expect([life.lines, life.told]).toEqual([[], []]);
    life.enter(READYING);
    expect(life.told).toEqual([{ tag: "ready" }]);
    life.enter(STATES.up);
    expect(life.record.beside).toEqual({});
  });

  test("one that is up is waited for no more", () => {
    const before = readiness(LOG);
    before.enter(STATES.up);
    const life = successorOf(before, LOG);
    expect([life.lines, life.timers.waiting]).toEqual([[], []]);
  });
});
