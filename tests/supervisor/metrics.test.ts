import { expect, test } from "bun:test";
import { newRecord, type ServiceRecord } from "../../src/core/service-record.ts";
import type { Instant, WallTime } from "../../src/core/units.ts";
import { Metrics, type MetricsPorts } from "../../src/supervisor/metrics.ts";
import { RunCounts } from "../../src/supervisor/run-counts.ts";
import { LITERAL_FIGURES } from "../control/literal-port.ts";
import { literalDefinition } from "../core/literal-definition.ts";

/** A machine on which each service has the process of its own number and one child of that. */
class LiteralFleet {
  readonly records = new Map<string, ServiceRecord>();
  now = 10_000;
  readings = 0;
  cpuMs = 100;
  invocation = "a";
  readonly metrics: Metrics;

  constructor(count: number, changes: Partial<MetricsPorts> = {}) {
    for (let index = 0; index < count; index++) {
      const record = newRecord(literalDefinition({ name: `s${String(index).padStart(4, "0")}` }), 0 as WallTime);
      this.records.set(record.definition.name, { ...record, want: "up", startedAt: 9_000 as Instant });
    }
    this.metrics = new Metrics({
      clock: { now: () => this.now as Instant, wall: () => (1_000_000 + this.now) as WallTime },
      counts: new RunCounts(() => {}),
      records: () => this.records.values(),
      record: (service) => this.records.get(service) ?? null,
      lossesOf: () => [],
      rootsOf: () => [100],
      childrenOf: (pid) => (pid === 100 ? [101] : []),
      invocationOf: () => this.invocation,
      usages: (pids) => {
        this.readings++;
        return pids.map((pid) => (pid === 101 ? null : { cpuMs: this.cpuMs, memoryBytes: 4096 }));
      },
      descriptorsOf: (pid) => (pid === 101 ? null : 5),
      own: () => LITERAL_FIGURES,
      soon: (run) => void setImmediate(run),
      ...changes,
    });
  }
}

test("a service is measured with all that hangs below it and is still there", async () => {
  const fleet = new LiteralFleet(1);
  const [service] = (await fleet.metrics.view()).services;
  expect(service?.run).toEqual({
    startTime: 1_009,
    cpuSeconds: 0.1,
    residentBytes: 4096,
    processes: 1,
    descriptors: 5,
  });
});

test("of a thousand services only a few are looked at in one turn", async () => {
  let most = 0;
  let before = 0;
  const fleet: LiteralFleet = new LiteralFleet(1_000, {
    soon: (run) => {
      most = Math.max(most, fleet.readings - before);
      before = fleet.readings;
      setImmediate(run);
    },
  });
  expect((await fleet.metrics.view()).services).toHaveLength(1_000);
  expect(fleet.readings).toBe(1_000);
  expect([most > 0, most <= 16]).toEqual([true, true]);
});

test("who asks while it is measured, or within a second, is told the same", async () => {
  const fleet = new LiteralFleet(3);
  const [first, second] = await Promise.all([fleet.metrics.view(), fleet.metrics.view()]);
  fleet.now += 999;
  expect([second, await fleet.metrics.view()]).toEqual([first, first]);
  expect(fleet.readings).toBe(3);
  fleet.now += 1;
  await fleet.metrics.view();
  expect(fleet.readings).toBe(6);
});

test("processor time does not go back within a run, and begins anew with the next", async () => {
  const fleet = new LiteralFleet(1);
  const told: (number | undefined)[] = [];
  for (const [cpuMs, invocation] of [
    [500, "a"],
    [300, "a"],
    [600, "a"],
    [200, "b"],
  ] as const) {
    Object.assign(fleet, { cpuMs, invocation, now: fleet.now + 1_000 });
    told.push((await fleet.metrics.view()).services[0]?.run?.cpuSeconds);
  }
  expect(told).toEqual([0.5, 0.5, 0.6, 0.2]);
});

test("a service that goes while others are measured is left out", async () => {
  const fleet: LiteralFleet = new LiteralFleet(40, {
    soon: (run) => {
      fleet.records.delete("s0039");
      setImmediate(run);
    },
  });
  expect((await fleet.metrics.view()).services).toHaveLength(39);
});

test("starts, restarts and ends are counted, whatever an operator resets", () => {
  const counts = new RunCounts(() => {});
  const start = { ...newRecord(literalDefinition({ name: "web" }), 0 as WallTime), startedAt: 1 as Instant };
  const idle = { ...start, startedAt: null };
  const ended = (exit: ServiceRecord["lastExit"], restarts: number): ServiceRecord => ({
    ...idle,
    lastExit: exit,
    restarts,
  });
  const at = 0 as WallTime;
  const one = { at, exit: { tag: "code", code: 1 }, reason: "" } as const;
  const two = { at, exit: { tag: "signal", signal: "SIGKILL", dumped: false }, reason: "" } as const;
  counts.changed(start, idle);
  counts.changed(ended(one, 0), start);
  counts.changed({ ...ended(one, 1), startedAt: 2 as Instant }, ended(one, 0));
  counts.changed(ended(two, 1), { ...ended(one, 1), startedAt: 2 as Instant });
  counts.changed(ended(two, 0), ended(two, 1));
  counts.changed(ended({ ...two }, 0), ended(two, 0));
  expect(counts.of("web")).toEqual({
    starts: 2,
    restarts: 1,
    exits: [
      { reason: "exit", status: "1", count: 1 },
      { reason: "signal", status: "SIGKILL", count: 2 },
    ],
  });
  counts.forgotten("web");
  expect(counts.of("web")).toEqual({ starts: 0, restarts: 0, exits: [] });
});
