/* The ends of processes that are nobody's children here: a supervisor and its guardian that died have left them. */
import { describe, expect, spyOn, test } from "bun:test";
import { newRecord } from "../../src/core/service-record.ts";
import type { WallTime } from "../../src/core/units.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { STATES } from "../core/literal-states.ts";
import { literalSupervisor } from "./literal-supervisor.ts";

const LEFT = { service: "web", want: null, invocation: "earlier", isMainGone: false, exit: null } as const;

/** It goes on with the process 501, for which `prepare` has made the machine ready. */
function goOn(prepare: (machine: ReturnType<typeof literalSupervisor>["machine"]) => void) {
  const world = literalSupervisor();
  const main = world.machine.start(501, { parent: 1 });
  prepare(world.machine);
  world.boot([{ restart: { policy: "on-failure" } }], { remembered: [{ ...LEFT, main }] });
  return world;
}

describe("what a predecessor left, with too few descriptors to watch it,", () => {
  const withoutDescriptors = () => goOn((machine) => (machine.isShort = true));

  test("is looked at every second, and has not ended before it is gone", () => {
    const { machine, timers, stateOf } = withoutDescriptors();
    timers.passTime(5_000);
    timers.turns();
    expect(stateOf("web")).toBe("up");
    machine.end(501);
    timers.passTime(1_000);
    timers.turns();
    expect([stateOf("web"), machine.openPidfds]).toEqual(["backoff", 0]);
  });

  test("has ended although nobody has reaped it", () => {
    const { machine, timers, stateOf } = withoutDescriptors();
    machine.becomeZombie(501);
    timers.passTime(1_000);
    timers.turns();
    expect(stateOf("web")).toBe("backoff");
  });

  test("has ended although another process has its number by then", () => {
    const { machine, timers, stateOf } = withoutDescriptors();
    machine.end(501);
    machine.start(501, { parent: 1 });
    timers.passTime(1_000);
    timers.turns();
    expect(stateOf("web")).toBe("backoff");
  });

  test("is watched as soon as there are some", () => {
    const { machine, timers, stateOf, endForeign } = withoutDescriptors();
    machine.isShort = false;
    timers.passTime(1_000);
    machine.exits.set(501, { tag: "code", code: 0 });
    endForeign(501);
    expect([stateOf("web"), machine.openPidfds]).toEqual(["done", 0]);
  });
});

test("what has its number when it is to be watched is not watched in its place", () => {
  const { machine, stateOf } = goOn((before) => {
    let opened = 0;
    before.onOpen = (pid) => {
      // Once it is held; the second descriptor is the one to watch it by.
      if (++opened !== 2) return;
      before.end(pid);
      before.start(pid, { parent: 1 });
    };
  });
  expect([stateOf("web"), machine.openPidfds]).toEqual(["backoff", 0]);
});

/** It goes on with a service of which there is 502, and whose pid file, once it is looked at, names `named`. */
function goOnNaming(named: number) {
  const world = literalSupervisor();
  const definition = { type: "forking", pidFile: "/run/web.pid" } as const;
  world.machine.start(502, { parent: 1, environment: { DAEMONSUP_SERVICE: "web", INVOCATION_ID: "earlier" } });
  const record = {
    ...newRecord(literalDefinition(definition), 0 as WallTime),
    want: "up",
    state: STATES.naming,
  } as const;
  const saved = new Map([["web", { record, actions: [], run: null }]]);
  world.boot([definition], { remembered: [{ ...LEFT, main: null }], saved });
  expect(world.stateOf("web")).toBe("starting");
  const naming = spyOn(world.machine, "pidIn").mockReturnValue(named);
  const untilNamed = (): void => {
    while (naming.mock.calls.length === 0) world.timers.fire();
  };
  return { ...world, naming, untilNamed };
}

test("what becomes the main process by its pid file is watched from then on", () => {
  const { machine, untilNamed, endForeign, stateOf } = goOnNaming(503);
  machine.start(503, { parent: 502 });
  untilNamed();
  expect(stateOf("web")).toBe("up");
  endForeign(503);
  expect(stateOf("web")).toBe("stopping");
});

test("what ends in the moment in which its pid file names it does not become the main process", () => {
  const { machine, naming, untilNamed, endForeign, stateOf } = goOnNaming(502);
  const table = machine.table.bind(machine);
  using _ = spyOn(machine, "table").mockImplementation(() => {
    const rows = table();
    if (naming.mock.calls.length > 0) machine.end(502);
    return rows;
  });
  untilNamed();
  expect([stateOf("web"), machine.row(502)]).toEqual(["starting", null]);
  endForeign(502);
  expect(stateOf("web")).toBe("backoff");
});
