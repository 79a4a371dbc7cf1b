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
