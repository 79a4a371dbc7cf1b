import { expect, test } from "bun:test";
import type { ReadyPolicy } from "../../src/core/life-policies.ts";
import { messageOf, newRecord } from "../../src/core/service-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import { step } from "../../src/core/step.ts";
import { type WallTime, millis } from "../../src/core/units.ts";
import { EVENTS, STATES, contextOf } from "./literal-states.ts";

const READY: ReadyPolicy = {
  method: { tag: "tcp", host: "127.0.0.1", port: 80 },
  timeout: millis(1_500),
  interval: millis(200),
};
const READYING: ServiceState = { ...STATES.starting, phase: "ready" };

test.each([
  [null, "not ready within 1.5s"],
  ["not ready yet: connection refused", "not ready within 1.5s: connection refused"],
  ["the old definition runs on", "not ready within 1.5s"],
])("a service that is not ready in time and of which %j is noted has failed: %s", (note, reason) => {
  const { state } = step(READYING, EVENTS["deadline-passed"], { ...contextOf({ ready: READY }), note });
  expect(state).toMatchObject({ tag: "stopping", afterwards: { tag: "judge", ending: { reason } } });
});

test.each([
  [null, "not ready yet"],
  ["not ready yet: connection refused", "not ready yet: connection refused"],
])("a service that is waited for and of which %j is noted says: %s", (note, message) => {
  const record = newRecord(contextOf({ ready: READY }).definition, 0 as WallTime);
  expect(messageOf({ ...record, state: READYING, note })).toBe(message);
});
