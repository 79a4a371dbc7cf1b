import { expect, test } from "bun:test";
import { millis } from "../../src/core/units.ts";
import { ONESHOT, linkedFleet } from "./linked-fleet.ts";

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
