/* What a supervisor writes of its services, and what its successor makes of that. */
import { describe, expect, test } from "bun:test";
import type { Definition } from "../../src/core/definition.ts";
import {
  SAVED_VERSION,
  type SavedService,
  convertSaved,
  decodeSaved,
  encodeSaved,
} from "../../src/core/saved-record.ts";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import type { Instant, WallTime } from "../../src/core/units.ts";
import { literalDefinition } from "./literal-definition.ts";
import { STATES } from "./literal-states.ts";

const WEB = literalDefinition({ name: "web" });
const OLD = literalDefinition({ name: "web", description: "before", limits: { nofile: { soft: 5, hard: Infinity } } });
const STANDING = (service: string): Definition | null => (service === "web" ? WEB : null);
const SINCE = 1_700_000_000_000 as WallTime;

function saved(changes: Partial<ServiceRecord> = {}): SavedService {
  return { record: { ...newRecord(WEB, SINCE), ...changes }, actions: [], run: null };
}

/** What is wrong with it, or "ok". */
function verdictOn(text: string, standing = STANDING): string {
  const reading = decodeSaved(text, "web", standing);
  return reading.tag === "ok" ? "ok" : reading.reason;
}

describe("what is written is read as it was", () => {
  test.each(Object.values(STATES))("in state %j", (state) => {
    const whole = saved({ state, want: "up", held: "hold-asked", restarts: 3, startedAt: 5 as Instant, note: "käse" });
    expect(decodeSaved(encodeSaved(whole, WEB), "web", STANDING)).toEqual({ tag: "ok", saved: whole });
  });

  test("with definitions that are not in force, and bounds that JSON does not know", () => {
    const whole = saved({ definition: OLD, next: WEB, lastExit: { at: SINCE, exit: { tag: "unknown" }, reason: "?" } });
    const text = encodeSaved(whole, WEB);
    expect(decodeSaved(text, "web", STANDING)).toEqual({ tag: "ok", saved: whole });
    const later = saved({ definition: WEB, next: OLD });
    expect(decodeSaved(encodeSaved(later, null), "web", () => null)).toEqual({ tag: "ok", saved: later });
  });

  test("with what was to be done, and the run", () => {
    const whole: SavedService = {
      ...saved({ state: STATES.stopping }),
      actions: [
        { tag: "signal-all", signal: "SIGTERM" },
        { tag: "tell-failure", ending: ENDING },
      ],
      run: 12,
    };
    expect(decodeSaved(encodeSaved(whole, WEB), "web", STANDING)).toEqual({ tag: "ok", saved: whole });
  });
});

const ENDING = { exit: null, result: "timeout", length: 0, reason: "late" } as unknown as Extract<
  SavedService["actions"][number],
  { tag: "tell-failure" }
>["ending"];

test("neither a definition that is in force nor what is as at first is written", () => {
  expect(encodeSaved(saved(), WEB).length).toBeLessThan(160);
  expect(encodeSaved(saved(), null).length).toBeGreaterThan(1_000);
});

/** As the first version wrote it. */
const OF_VERSION_1 =
  '{"definition":"standing","next":null,"state":{"tag":"up","streak":{"failures":1,"restartedAt":[5]},"startedAt":98000,' +
  '"pid":7,"relayedAt":null},"since":1700000000000,"want":"up","held":null,"health":"healthy","status":"fine",' +
  '"reloading":false,"dueAt":null,"wantedByHand":true,"restarts":1,"lastExit":null,"startedAt":98000,"removed":false,' +
  '"stale":false,"endsOnRelay":false,"note":null}';

test("what the version before has written is read", () => {
  const text = convertSaved(OF_VERSION_1, SAVED_VERSION - 1) ?? "";
  expect(decodeSaved(text, "web", STANDING)).toMatchObject({
    tag: "ok",
    saved: { run: null, actions: [], record: { definition: WEB, state: { tag: "up", pid: 7 }, wantedByHand: true } },
  });
  expect(convertSaved(OF_VERSION_1, 0)).toBeNull();
});

describe("what is not whole is refused", () => {
  const text = encodeSaved(saved({ state: STATES.up }), WEB);

  test("wherever it was cut off", () => {
    for (let length = 0; length < text.length; length++)
      expect(verdictOn(text.slice(0, length))).toBe("it is no record");
    expect(verdictOn(text)).toBe("ok");
  });

  test.each([
    ["its definition is not known", '"definition":"standing"', '"definition":{"name":"mail","limits":{}}'],
    ["its definition is not known", '"definition":"standing"', '"definition":7'],
    ["its next definition is not known", '"next":null', '"next":{}'],
    ['its "state" is not as it should be', '"tag":"up"', '"tag":"upright"'],
    ['its "state" is not as it should be', '"tag":"up"', '"tag":"toString"'],
    ['its "state" is not as it should be', '"pid":7', '"pid":"7"'],
    ['its "state" is not as it should be', '"pid":7', '"pit":7'],
    ['its "state" is not as it should be', '"failures":2', '"failures":null'],
    ['its "want" is not as it should be', '"want":"down"', '"want":"sideways"'],
    ['its "since" is not as it should be', '"since":1700000000000', '"since":null'],
    ['its "run" is not as it should be', '"run":null', '"run":"1"'],
    ['its "actions" is not as it should be', '"actions":[]', '"actions":[{"tag":"reboot"}]'],
  ])("%s", (verdict, before, after) => {
    expect(text).toContain(before);
    expect(verdictOn(text.replace(before, after))).toBe(verdict);
  });

  test("if the definition in force is gone", () => {
    expect(verdictOn(text, () => null)).toBe("its definition is not known");
  });
});
