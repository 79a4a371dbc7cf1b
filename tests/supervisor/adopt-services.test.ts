import { describe, expect, spyOn, test } from "bun:test";
import type { SavedService } from "../../src/core/saved-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import { type WallTime, millis } from "../../src/core/units.ts";
import type { Remembered } from "../../src/supervisor/predecessor.ts";
import { type DefinitionChanges, literalDefinition } from "../core/literal-definition.ts";
import { STATES } from "../core/literal-states.ts";
import { literalSupervisor } from "./literal-supervisor.ts";

const WEB = { name: "web", restart: { ...literalDefinition({}).restart, delay: millis(0) } };

/** Its main process is gone, and nobody has noted how. */
const ENDED: Remembered = {
  service: "web",
  want: null,
  invocation: "f".repeat(32),
  main: null,
  isMainGone: true,
  exit: null,
};

/** A supervisor goes on with a service whose main process has ended while none ran; `trace`: what the mapping says of that. */
function goOnWith(record: ServiceRecord, trace: Remembered) {
  const world = literalSupervisor();
  /** The state that was written down when the end was. */
  const states: ServiceState["tag"][] = [];
  using _ = spyOn(world.supervisor.ports.memory, "exited").mockImplementation((service) => {
    world.memory.push(`exited ${service}`);
    states.push(world.kept.at(-1)?.state.tag ?? record.state.tag);
  });
  world.boot([WEB], { remembered: [trace], saved: new Map([["web", { record, actions: [], run: null }]]) });
  const [first = record] = world.kept;
  world.timers.passTime(60_000);
  world.timers.turns();
  const notes = world.memory.filter((note) => note.endsWith(" web"));
  return { first, notes, states, restarts: world.supervisor.fleet.get("web")?.restarts };
}

function left(state: ServiceState): ServiceRecord {
  return { ...newRecord(literalDefinition(WEB), 0 as WallTime), want: "up", state };
}

test("an end that only a successor finds is written down before the service is started again", () => {
  expect(goOnWith(left(STATES.up), ENDED)).toMatchObject({ notes: ["exited web", "intend web"], states: ["up"] });
});

test("the end of a spawn that was under way is counted once, also if the successor dies in the middle of it", () => {
  const whole = goOnWith(left(STATES.launching), ENDED);
  // That there has been a process is known by then from elsewhere than its trace.
  expect(whole).toMatchObject({ notes: ["exited web", "intend web"], states: ["execing"] });
  for (const trace of [ENDED, { ...ENDED, isMainGone: false }])
    expect(goOnWith(whole.first, trace).restarts).toBe(whole.restarts);
});

describe("what was ended by a shutdown that was cut off", () => {
  const CHAIN: readonly DefinitionChanges[] = [
    { name: "app", requires: [{ name: "db", restartWith: false }] },
    { name: "db" },
    { name: "off" },
  ];
  /** A shutdown in the middle: app has ended, db is about to, off was stopped by hand before. */
  const left: readonly (readonly [string, Partial<ServiceRecord>])[] = [
    ["app", { want: "up", state: { tag: "down", why: "stopped" } }],
    ["db", { want: "up", state: { ...STATES.stopping, pid: 501 } }],
    ["off", { want: "down", state: { tag: "down", why: "stopped" } }],
  ];

  /** No start has had its turn yet. */
  function boot(isCutOff: boolean) {
    const world = literalSupervisor();
    const { startTicks } = world.machine.start(501, {
      environment: { DAEMONSUP_SERVICE: "db", INVOCATION_ID: "f".repeat(32) },
    });
    const saved = left.map(([name, change]): [string, SavedService] => {
      const definition = literalDefinition(CHAIN.find((changes) => changes.name === name) ?? {});
      const record = { ...newRecord(definition, world.timers.wall()), ...change };
      return [name, { record, actions: [], run: null }];
    });
    const db = { ...ENDED, service: "db", main: { pid: 501, startTicks }, isMainGone: false };
    const definitions = CHAIN.map(literalDefinition);
    world.supervisor.boot({ definitions, unfit: {}, remembered: [db], saved: new Map(saved), isCutOff });
    return world;
  }

  function goOn(isCutOff: boolean) {
    const world = boot(isCutOff);
    world.timers.turns();
    world.end(501);
    return ["db", "app", "off"].map((name) => `${name} ${world.stateOf(name)}`);
  }

  test("runs again when a start finds that nobody goes on with it", () => {
    expect(goOn(true)).toEqual(["db up", "app up", "off down"]);
  });

  test("is noted as to be started before its turn, for whoever comes after a death until then", () => {
    const asked = new Map(boot(true).kept.map((record) => [record.definition.name, record.asked?.how ?? null]));
    expect(asked).toEqual(
      new Map([
        ["db", "enable-asked"],
        ["app", "enable-asked"],
        ["off", null],
      ]),
    );
  });

  test("stays as it is for a successor, which goes on with it, and where no shutdown has ended it", () => {
    expect(goOn(false)).toEqual(["db down", "app down", "off down"]);
  });
});
