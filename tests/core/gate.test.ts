import { describe, expect, test } from "bun:test";
import { type Gate, gateOf, isSatisfied } from "../../src/core/gate.ts";
import { Links } from "../../src/core/links.ts";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import type { WallTime } from "../../src/core/units.ts";
import { type LinkedChanges, definitionOf } from "./linked-fleet.ts";
import { STATES, type StateTag } from "./literal-states.ts";

type Other = Partial<Omit<ServiceRecord, "definition">>;

function recordOf(name: string, links: LinkedChanges, record: Other = {}): ServiceRecord {
  return { ...newRecord(definitionOf(name, links), 0 as WallTime), want: "up", ...record };
}

/** What keeps "app" from being started, with one other service there is. */
function gateBeside(links: LinkedChanges, other: ServiceRecord | null, app: Other = {}): Gate | null {
  const record = recordOf("app", links, app);
  const graph = new Links();
  const records = [record, ...(other === null ? [] : [other])];
  for (const { definition } of records) graph.set(definition);
  return gateOf(record, graph, (name) => records.find(({ definition }) => definition.name === name) ?? null);
}

/** By state of the other service: what is said of it, and whether it is on its way. */
const WORDS: { readonly [Tag in StateTag]: readonly [words: string | null, isPending: boolean] } = {
  down: ["is down", false],
  waiting: ["is waiting: why", false],
  preparing: ["is starting", true],
  launching: ["is starting", true],
  execing: ["is starting", true],
  starting: ["is starting", true],
  naming: ["is starting", true],
  up: [null, false],
  leaving: ["is being stopped", true],
  stopping: ["is being stopped", true],
  sweeping: ["is being stopped", true],
  cleaning: ["is being stopped", true],
  stuck: ["cannot be killed", false],
  backoff: ["is tried again: exited 1", false],
  done: ["has ended", false],
  failed: ["has failed: exited 1", false],
};
const ROWS = Object.entries(WORDS).map(([tag, row]) => [STATES[tag as StateTag] as ServiceState, ...row] as const);

describe("a start", () => {
  for (const [state, words, isPending] of ROWS) {
    test(`is held back by a requirement that is ${state.tag} as the table says`, () => {
      const gate = gateBeside({ requires: ["db"] }, recordOf("db", {}, { state }));
      expect(gate).toEqual(words === null ? null : { reason: `requires "db", which ${words}`, pending: isPending });
    });

    test(`comes after one that is ${state.tag} only if that is on its way`, () => {
      const gate = gateBeside({ after: ["net"] }, recordOf("net", {}, { state }));
      expect(gate).toEqual(isPending ? { reason: `after "net", which ${words}`, pending: true } : null);
    });
  }

  test("waits for what is stopped for good no longer than for what is down", () => {
    for (const tag of ["leaving", "stopping", "sweeping", "cleaning"] as const) {
      const other = recordOf("db", {}, { state: STATES[tag], want: "down" });
      expect(gateBeside({ requires: ["db"] }, other)).toMatchObject({ pending: false });
      expect(gateBeside({ after: ["db"] }, other)).toBeNull();
    }
  });

  test("is free beside a oneshot that is done, and only such a one", () => {
    const done = (type: "simple" | "oneshot"): boolean => isSatisfied(recordOf("db", { type }, { state: STATES.done }));
    expect([done("oneshot"), done("simple")]).toEqual([true, false]);
  });

  test.each([
    ["stop-asked", false],
    ["restart-asked", true],
    ["hold-asked", true],
  ] as const)("is held back by a requirement that has been asked for %s but is still up", (held, isPending) => {
    const gate = gateBeside({ requires: ["db"] }, recordOf("db", {}, { state: STATES.up, held }));
    expect(gate).toEqual({ reason: 'requires "db", which is being stopped', pending: isPending });
    expect(gateBeside({ after: ["db"] }, recordOf("db", {}, { state: STATES.up, held })) !== null).toBe(isPending);
  });

  test("says who has stopped a requirement, and which condition keeps it down", () => {
    const byHand = recordOf("db", {}, { wantedByHand: true, want: "down" });
    expect(gateBeside({ requires: ["db"] }, byHand)?.reason).toBe('requires "db", which was stopped by hand');
    const unmet: ServiceState = { tag: "down", why: "condition", reason: "no /data" };
    const gate = gateBeside({ requires: ["db"] }, recordOf("db", {}, { state: unmet }));
    expect(gate).toEqual({ reason: 'requires "db", which is down: no /data', pending: false });
  });

  test("is held back by a rival for as long as anything of that runs", () => {
    const free = ["down", "waiting", "backoff", "done", "failed"];
    const ending = ["leaving", "stopping", "sweeping", "cleaning"];
    for (const [state] of ROWS) {
      const reason = 'conflicts with "old", which still runs';
      const gateOfStart = (want: "up" | "down") =>
        gateBeside({ conflicts: ["old"] }, recordOf("old", {}, { state, want }));
      const isFree = free.includes(state.tag);
      expect(gateOfStart("down")).toEqual(isFree ? null : { reason, pending: state.tag !== "stuck" });
      // What needs it as well does not have it make way.
      expect(gateOfStart("up")).toEqual(isFree ? null : { reason, pending: ending.includes(state.tag) });
    }
    expect(gateBeside({}, recordOf("old", { conflicts: ["app"] }, { state: STATES.up }))).not.toBeNull();
  });

  test("is held back by a requirement that is not there, and by no other link to nobody", () => {
    const reason = 'requires "db", which is not defined';
    expect(gateBeside({ requires: ["db"] }, null)).toEqual({ reason, pending: false });
    expect(gateBeside({ wants: ["db"], after: ["db"], before: ["db"], conflicts: ["db"] }, null)).toBeNull();
  });

  test("is held back where it is not wanted, or is to be stopped first", () => {
    expect(gateBeside({}, null, { want: "down" })).toEqual({ reason: "it is not wanted any more", pending: false });
    expect(gateBeside({}, null, { held: "stop-asked" })).toEqual({ reason: "it is to be stopped", pending: true });
  });
});
