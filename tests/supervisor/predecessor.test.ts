import { describe, expect, test } from "bun:test";
import { type Leftover, type Remembered, findLeftovers } from "../../src/supervisor/predecessor.ts";
import { LiteralMachine, OWN_PID } from "./literal-machine.ts";

function environmentOf(service: string) {
  return { DAEMONSUP_SERVICE: service, INVOCATION_ID: `${service}-run` };
}

function remember(service: string, main: Remembered["main"] = null): Remembered {
  return { service, want: null, invocation: `${service}-run`, main, isMainGone: false, exit: null };
}

/** What is found, as numbers. */
function told(leftovers: readonly Leftover[]): Readonly<Record<string, readonly [number | null, readonly number[]]>> {
  return Object.fromEntries(
    leftovers.map(({ service, main, rows }) => [
      service,
      [main, rows.map(({ pid }) => pid).sort((left, right) => left - right)],
    ]),
  );
}

describe("what a dead predecessor left", () => {
  test("is a main process with the number and the start time that were written down, and what descends from it", () => {
    const machine = new LiteralMachine();
    const main = machine.start(501, { parent: 1 });
    machine.start(502, { parent: 501 });
    machine.start(503, { parent: 502 });
    machine.start(900, { parent: 1 });
    expect(told(findLeftovers([remember("web", main)], machine))).toEqual({ web: [501, [501, 502, 503]] });
  });

  test("is not a process that has taken the number of the main process since", () => {
    const machine = new LiteralMachine();
    const main = machine.start(501, { parent: 1 });
    machine.end(501);
    machine.start(501, { parent: 1 });
    machine.start(502, { parent: 501, group: 501 });
    expect(findLeftovers([remember("web", main)], machine)).toEqual([]);
  });

  test("is whoever is in the session of a main process that is alive", () => {
    const machine = new LiteralMachine();
    const main = machine.start(501, { parent: 1 });
    machine.start(502, { parent: 1, group: 502, session: 501 });
    expect(told(findLeftovers([remember("web", main)], machine))).toEqual({ web: [501, [501, 502]] });
  });

  test("is whoever has the run in its environment, also when the main process is gone or was never known", () => {
    const machine = new LiteralMachine();
    machine.start(502, { parent: 1, environment: environmentOf("web") });
    machine.start(503, { parent: 502, environment: null });
    expect(told(findLeftovers([remember("web")], machine))).toEqual({ web: [null, [502, 503]] });
    const gone = { pid: 501, startTicks: 1 };
    expect(told(findLeftovers([remember("web", gone)], machine))).toEqual({ web: [null, [502, 503]] });
  });

  test("is not whoever has another run in its environment, or that of somebody else's manager", () => {
    const machine = new LiteralMachine();
    machine.start(502, { parent: 1, environment: { DAEMONSUP_SERVICE: "web", INVOCATION_ID: "earlier" } });
    machine.start(503, { parent: 1, environment: { INVOCATION_ID: "web-run" } });
    expect(findLeftovers([remember("web")], machine)).toEqual([]);
  });

  test("is not whoever has copied the environment, if the leader of its session is a stranger or cannot be seen", () => {
    const machine = new LiteralMachine();
    machine.start(400, { parent: 1 });
    machine.start(502, { parent: 400, group: 502, session: 400, environment: environmentOf("web") });
    // Session 0 is made by somebody outside of this pid namespace: `docker exec`, or the first process itself.
    machine.start(503, { parent: 1, group: 503, session: 0, environment: environmentOf("web") });
    machine.start(504, { parent: 1, group: 0, session: 0, environment: environmentOf("web") });
    expect(findLeftovers([remember("web")], machine)).toEqual([]);
  });

  test("owns a session whose leader is gone only if no stranger is in it", () => {
    const machine = new LiteralMachine();
    machine.start(501, { parent: 1, environment: environmentOf("web") });
    for (const pid of [602, 603, 702]) {
      machine.start(pid, { parent: 1, group: pid, session: pid - (pid % 100), environment: environmentOf("web") });
    }
    machine.start(703, { parent: 1, group: 703, session: 700 });
    const [found] = findLeftovers([remember("web")], machine);
    expect(found?.rows.map(({ pid }) => pid)).toEqual([501, 602, 603, 702]);
    expect(found?.sessions).toEqual([501, 600]);
  });

  test("is told of each service by itself", () => {
    const machine = new LiteralMachine();
    const web = machine.start(501, { parent: 1, environment: environmentOf("web") });
    const db = machine.start(601, { parent: 1, environment: environmentOf("db") });
    machine.start(602, { parent: 1, environment: environmentOf("db") });
    const found = findLeftovers([remember("web", web), remember("db", db), remember("gone")], machine);
    expect(told(found)).toEqual({ web: [501, [501]], db: [601, [601, 602]] });
  });

  test("is nothing that has ended, and not this supervisor, whatever its environment says", () => {
    const machine = new LiteralMachine();
    const main = machine.start(501, { parent: 1, environment: environmentOf("web") });
    machine.becomeZombie(501);
    machine.start(OWN_PID, { parent: 1, environment: environmentOf("web") });
    expect(findLeftovers([remember("web", main)], machine)).toEqual([]);
  });

  test("is not looked for if no service has ever run", () => {
    const machine = new LiteralMachine();
    expect(findLeftovers([{ ...remember("web"), invocation: null }], machine)).toEqual([]);
    expect(machine.looks).toBe(0);
  });
});
