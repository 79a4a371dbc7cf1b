import { expect, test } from "bun:test";
import { millis } from "../../src/core/units.ts";
import { ONESHOT, linkedFleet } from "./linked-fleet.ts";

const SOCKET = {
  name: "db",
  listen: { tag: "unix", path: "/run/db" },
  backlog: 1,
  reusePort: false,
  mode: 0o600,
  owner: null,
  group: null,
  onDemand: true,
} as const;

const HOURLY = {
  schedule: {
    cron: null,
    every: millis(3_600_000),
    timezone: null,
    jitter: millis(0),
    catchUp: false,
    overlap: "skip",
  },
} as const;

test("what conflicts with a service that waits for its time runs on until that has come", () => {
  const world = linkedFleet({ web: {}, nightly: { ...ONESHOT, ...HOURLY, conflicts: ["web"] } });
  world.enable("nightly");
  world.start("web");
  world.enable("nightly");
  expect(world.told()).toBe("web up, nightly waiting");
  world.fleet.post("nightly", { tag: "due" });
  expect(world.told()).toBe("web stopping, nightly waiting");
  world.end("web");
  expect(world.told()).toBe("web down, nightly starting");
});

test("a time that comes while a service is not wanted is in nobody's way", () => {
  const world = linkedFleet({ web: {}, nightly: { ...ONESHOT, ...HOURLY, conflicts: ["web"] } });
  world.start("web");
  world.fleet.post("nightly", { tag: "due" });
  expect(world.told()).toBe("web up, nightly down");
});

test("a service that is called brings in what it requires, but nothing that an operator has stopped", () => {
  const world = linkedFleet({
    db: {},
    nightly: { ...ONESHOT, ...HOURLY, requires: [{ name: "db", restartWith: false }] },
  });
  world.enable("nightly");
  world.start("db");
  world.fleet.want("db", "down", true);
  world.end("db");
  expect(world.told()).toBe("db down, nightly waiting");
  world.fleet.post("nightly", { tag: "due" });
  expect(world.told()).toBe("db down, nightly waiting");
  world.fleet.amend("db", { wantedByHand: false });
  world.fleet.post("nightly", { tag: "due" });
  expect(world.told()).toBe("db up, nightly starting");
});

const ON_DEMAND = { sockets: [SOCKET] };

test("a service that connections start is there for those that require it, without running", () => {
  const world = linkedFleet({ db: ON_DEMAND, app: { requires: ["db"] } });
  world.enable("db");
  world.enable("app");
  expect(world.told()).toBe("db waiting, app up");
  world.fleet.post("db", { tag: "demanded" });
  expect(world.told()).toBe("db up, app up");
  world.exit("app", 1);
  world.fleet.want("app", "up", true);
  expect(world.told()).toBe("db up, app up");
});

test("a start brings in a service that connections start by its socket, and an operator's stop takes it away", () => {
  const world = linkedFleet({ db: ON_DEMAND, app: { requires: ["db"] } });
  world.start("app");
  expect([world.told(), world.takeStarts()]).toEqual(["db waiting, app up", ["app"]]);
  world.stop("db");
  world.end("app");
  expect([world.told(), world.why("app")]).toEqual([
    "db down, app waiting",
    'requires "db", which was stopped by hand',
  ]);
});

test("a service that a schedule runs is run now where it is required, and once it has succeeded that is enough", () => {
  const world = linkedFleet({ nightly: { ...ONESHOT, ...HOURLY }, app: { requires: ["nightly"] } });
  world.enable("nightly");
  expect(world.told()).toBe("nightly waiting, app down");
  world.enable("app");
  expect(world.told()).toBe("nightly starting, app waiting");
  world.exit("nightly", 0);
  expect(world.told()).toBe("nightly waiting, app up");
  world.fleet.post("nightly", { tag: "due" });
  world.exit("nightly", 1);
  expect(world.told()).toBe("nightly waiting, app up");
  world.stop("app");
  world.end("app");
  world.start("app");
  expect(world.told()).toBe("nightly starting, app waiting");
});

test("what a schedule runs is not run for one that only wishes for it, nor for one that itself waits for its time", () => {
  const world = linkedFleet({
    nightly: { ...ONESHOT, ...HOURLY },
    loose: { wants: ["nightly"] },
    later: { ...ONESHOT, ...HOURLY, requires: ["nightly"] },
  });
  for (const name of ["nightly", "loose", "later"]) world.enable(name);
  expect(world.told()).toBe("nightly waiting, loose up, later waiting");
  world.fleet.post("later", { tag: "due" });
  expect(world.told()).toBe("nightly starting, loose up, later waiting");
});

test("nothing is started any more once everything is to stop, whoever asks for it", () => {
  const world = linkedFleet({ web: {}, nightly: { ...ONESHOT, ...HOURLY } });
  world.enable("nightly");
  world.start("web");
  world.fleet.stopAll();
  for (const tag of ["due", "start-asked", "enable-asked", "restart-asked"] as const)
    for (const service of ["web", "nightly"]) world.fleet.post(service, { tag });
  world.end("web");
  expect(world.told()).toBe("web down, nightly down");
});
