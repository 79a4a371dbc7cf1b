import { describe, expect, test } from "bun:test";
import { Belongings } from "../../src/supervisor/belongings.ts";
import { LiteralMachine, OWN_PID } from "./literal-machine.ts";
import { LiteralTimers } from "./literal-timers.ts";

/** "web" runs as 201, and has a child 202 whose parent, 203, is gone: it is a child of the supervisor now. */
function withHeir() {
  const machine = new LiteralMachine();
  const timers = new LiteralTimers();
  const belongings = new Belongings(
    machine,
    (run) => timers.soon(run),
    () => {},
  );
  const environment = { DAEMONSUP_SERVICE: "web", INVOCATION_ID: "web-1" };
  machine.start(201, { environment });
  belongings.began({ service: "web", invocation: "web-1", pid: 201, pidfd: machine.openPidfd(201) });
  machine.start(203, { parent: 201, group: 201, session: 201 });
  machine.start(202, { parent: 203, group: 201, session: 201 });
  machine.end(203);
  return { machine, timers, belongings };
}

function pidsOf(belongings: Belongings): readonly number[] {
  return belongings.survivors("web").map((row) => row.pid);
}

describe("a service whose main process becomes another while the first one lives", () => {
  test("has the first one among its others from then on", () => {
    const { machine, belongings, timers } = withHeir();
    expect(belongings.mayBeMain("web", 202)).toBe(true);
    belongings.named("web", 202);
    timers.turns();
    expect([belongings.mainOf("web"), belongings.serviceOfMain(202), belongings.serviceOfMain(201)]).toEqual([
      202,
      "web",
      null,
    ]);
    expect(pidsOf(belongings)).toEqual([201]);
    expect([belongings.isMember("web", 201), belongings.isMember("web", OWN_PID)]).toEqual([true, false]);
    belongings.signalMain("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([202]);
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([201, 202]);
  });

  test("does not end with the first one, but with the second", () => {
    const { machine, belongings, timers } = withHeir();
    belongings.named("web", 202);
    machine.becomeZombie(201);
    belongings.orphanEnded(201);
    machine.end(201);
    belongings.reaped(201);
    timers.turns();
    expect([belongings.mainOf("web"), pidsOf(belongings)]).toEqual([202, []]);
    machine.becomeZombie(202);
    expect(belongings.mainEnded("web")).toBe(0);
    expect(machine.openPidfds).toBe(0);
  });
});
