import { describe, expect, test } from "bun:test";
import { Belongings } from "../../src/supervisor/belongings.ts";
import { LiteralMachine } from "./literal-machine.ts";
import { LiteralTimers } from "./literal-timers.ts";
import { twoServices } from "./two-services.ts";

describe("the main process that a pid file names", () => {
  test("takes the place of the starter, with its group and its session", () => {
    const { machine, timers, belongings, endMain, pidsOf } = twoServices();
    machine.start(210, { parent: 201 });
    machine.start(211, { parent: 210, group: 210 });
    expect(endMain("web", 201)).toBe(2);
    expect(belongings.mayBeMain("web", 210)).toBe(true);
    belongings.named("web", 210);
    expect([belongings.mainOf("web"), belongings.serviceOfMain(210)]).toEqual([210, "web"]);
    expect(pidsOf("web")).toEqual([211]);
    timers.turns();
    machine.start(212, { group: 212, session: 210 });
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([210, 211, 212]);
    expect(endMain("web", 210)).toBe(2);
  });

  test("may be no stranger, no other service's, not the supervisor, not pid 1 and nothing that has ended", () => {
    const { machine, belongings, endMain } = twoServices();
    machine.start(210, { parent: 201 });
    machine.start(302, { parent: 301, group: 301 });
    machine.start(900, { parent: 1 });
    machine.start(213, { parent: 210 });
    machine.becomeZombie(213);
    // Its end would not be told to the supervisor.
    machine.start(214, { parent: 210 });
    endMain("web", 201);
    expect([214, 301, 302, 900, 213, 100, 1, 999].map((pid) => belongings.mayBeMain("web", pid))).toEqual(
      Array.from({ length: 8 }, () => false),
    );
    expect(belongings.mayBeMain("web", 210)).toBe(true);
  });
});

describe("what a dead predecessor left", () => {
  function found() {
    const machine = new LiteralMachine();
    const timers = new LiteralTimers();
    const belongings = new Belongings(
      machine,
      (run) => timers.soon(run),
      () => {},
    );
    const main = machine.start(501, { parent: 1 });
    const other = machine.start(502, { parent: 501, group: 501 });
    const daemon = machine.start(503, { parent: 1 });
    belongings.found({
      service: "web",
      invocation: "web-1",
      rows: [main, other, daemon],
      main: 501,
      sessions: [501, 503],
    });
    return { machine, timers, belongings };
  }

  test("is signalled, with what has come out of it since", () => {
    const { machine, belongings } = found();
    machine.start(504, { parent: 503 });
    machine.start(950, { parent: 1 });
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([501, 502, 503, 504]);
  });

  test("is whoever joins a session of it, led or not, and nobody else of a session that may be anybody's", () => {
    const { machine, belongings } = found();
    const stray = machine.start(601, { parent: 1, group: 600, session: 600 });
    const lonely = machine.start(701, { parent: 1, group: 700, session: 700 });
    const outside = machine.start(801, { parent: 1, group: 800, session: 0 });
    for (const pid of [602, 702, 802]) {
      const session = { 602: 600, 702: 700, 802: 0 }[pid] ?? 0;
      machine.start(pid, { parent: 1, group: pid, session });
    }
    machine.start(504, { parent: 1, group: 504, session: 503 });
    const rows = [stray, lonely, outside];
    belongings.found({ service: "db", invocation: "db-1", rows, main: null, sessions: [700] });
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([501, 502, 503, 504]);
    belongings.signalAll("db", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([601, 701, 702, 801]);
  });

  test("is counted when its main process has ended", () => {
    const { machine, belongings, timers } = found();
    machine.end(501);
    expect(belongings.mainEnded("web")).toBe(2);
    timers.turns();
    machine.end(502);
    machine.end(503);
    expect(belongings.survivors("web")).toEqual([]);
    belongings.over("web");
    expect(machine.openPidfds).toBe(0);
  });

  test("is not what has taken the numbers of its other processes since", () => {
    const { machine, belongings } = found();
    for (const pid of [502, 503]) machine.end(pid);
    machine.start(503, { parent: 1 });
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([501]);
    expect(belongings.survivors("web")).toEqual([]);
  });

  test("is not what has taken its numbers since", () => {
    const { machine, belongings } = found();
    for (const pid of [501, 502, 503]) machine.end(pid);
    machine.start(501, { parent: 1 });
    machine.start(503, { parent: 1, group: 501 });
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([]);
  });
});

describe("a service whose rest is left running on purpose", () => {
  test("has nothing to do with it any more, in the next run and in the same turn", () => {
    const { machine, belongings, begin, pidsOf } = twoServices();
    machine.start(202, { parent: 201, group: 201 });
    machine.start(203, { parent: 201 });
    machine.becomeZombie(201);
    expect(belongings.mainEnded("web")).toBe(2);
    belongings.over("web");
    begin("web", 205, 2);
    machine.end(201);
    belongings.reaped(201);
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([205]);
    expect(pidsOf("web")).toEqual([]);
  });
});
