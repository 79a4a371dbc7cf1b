import { describe, expect, test } from "bun:test";
import { restoreRecord } from "../../src/core/restore-record.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import { mainPidOf } from "../../src/core/service-state.ts";
import { type LinkedFleet, linkedFleet } from "./linked-fleet.ts";

const SERVICES = { db: {}, app: { requires: ["db"] } };

/** What a supervisor goes on with whose predecessor died after so many changes of what was asked; null: there are not as many. */
function successorOf(prepared: LinkedFleet, ask: () => void, changes: number): LinkedFleet | null {
  const written = new Map<string, ServiceRecord>();
  const write = (record: ServiceRecord): void => void written.set(record.definition.name, record);
  for (const record of prepared.fleet.records()) write(record);
  let left = changes;
  prepared.onChange = (record) => {
    if (left-- > 0) write(record);
  };
  ask();
  if (left > 0) return null;
  const successor = linkedFleet({});
  const restorations = [...written.values()].map((record) => {
    const pid = mainPidOf(record.state);
    const main = pid === null ? null : { pid, hasExecuted: true };
    return restoreRecord({ record, actions: [], run: null }, { main, isMainGone: false, others: 0, exit: null });
  });
  for (const { record } of restorations) successor.fleet.place(record);
  successor.fleet.resume(restorations);
  return successor;
}

/** The states in the end, once for each moment at which the supervisor may die. */
function endsOf(prepare: () => LinkedFleet, ask: (world: LinkedFleet) => void): readonly string[] {
  const ends: string[] = [];
  for (let changes = 1; ; changes++) {
    const world = prepare();
    const successor = successorOf(world, () => ask(world), changes);
    if (successor === null) return [...new Set(ends)];
    for (const name of ["app", "db"]) {
      if (successor.fleet.get(name)?.state.tag === "stopping") successor.end(name);
    }
    for (const name of ["db", "app"]) successor.fleet.post(name, { tag: "looked" });
    ends.push(successor.told());
  }
}

function running(): LinkedFleet {
  const world = linkedFleet(SERVICES);
  world.start("app");
  return world;
}

function stopped(): LinkedFleet {
  const world = running();
  world.stop("app", "db");
  world.end("app", "db");
  return world;
}

describe("what is asked of a service is done by the successor of a supervisor that dies at any moment of it:", () => {
  test("a start by hand, with what the service requires", () => {
    expect(endsOf(stopped, (world) => world.start("app"))).toEqual(["db up, app up"]);
  });

  test("a start of what waits to be stopped", () => {
    const held = (): LinkedFleet => {
      const world = running();
      world.stop("db");
      return world;
    };
    expect(endsOf(held, (world) => world.start("app"))).toEqual(["db up, app up"]);
  });

  test("a restart", () => {
    const world = running();
    const before = mainPidOf(world.record("app").state);
    const successor = successorOf(world, () => world.fleet.restart("app", true), 1);
    expect(successor?.takeStops()).toEqual(["app"]);
    successor?.end("app");
    expect(successor?.takeStarts()).toEqual(["app"]);
    expect(before).toBe(2);
  });

  test("a stop, of those that require the service as well", () => {
    expect(endsOf(running, (world) => world.stop("db"))).toEqual(["db down, app waiting"]);
  });

  test("a removal", () => {
    expect(endsOf(running, (world) => world.fleet.remove("app"))).toEqual(["db up"]);
  });

  test("a removal of what waits", () => {
    const waiting = (): LinkedFleet => {
      const world = linkedFleet({ app: { requires: ["nowhere"] } });
      world.start("app");
      return world;
    };
    expect(endsOf(waiting, (world) => world.fleet.remove("app"))).toEqual([""]);
  });
});

describe("what was not asked is not done by a successor", () => {
  test("a start of what was killed, or ended for its health, though it is wanted", () => {
    const world = running();
    world.fleet.kill("app");
    world.exit("app", 0);
    expect(world.record("app")).toMatchObject({ want: "up", wantedByHand: true, asked: null });
    const successor = successorOf(world, () => world.fleet.amend("app", { note: "killed" }), 1);
    expect(successor?.told()).toBe("db up, app down");
  });

  test("a restart, before those that require the service have stopped", () => {
    const world = running();
    world.fleet.restart("db", true);
    world.exit("db", 1);
    expect(world.record("db")).toMatchObject({ held: "restart-asked", state: { tag: "backoff" } });
    const successor = successorOf(world, () => world.fleet.amend("db", { note: "" }), 1);
    expect(successor?.told()).toBe("db backoff, app stopping");
  });

  test("a stop that is under way, of those that require the service only since", () => {
    const world = linkedFleet({ db: {}, app: {} });
    world.start("db", "app");
    world.stop("db");
    const adjusted = { ...world.record("app").definition, requires: [{ name: "db", restartWith: false }] };
    const successor = successorOf(world, () => world.fleet.redefine("app", adjusted, "live"), 1);
    expect(successor?.told()).toBe("db stopping, app up");
  });
});
