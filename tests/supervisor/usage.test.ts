import { expect, test } from "bun:test";
import type { Instant } from "../../src/core/units.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import type { ProcessRow } from "../../src/supervisor/ports.ts";
import { type ProcessUsage, Usages } from "../../src/supervisor/usage.ts";

/** Of "web", started at 1000 on a clock that stands at 11000. */
function measured() {
  const machine = {
    now: 11_000,
    invocation: "first" as string | null,
    used: new Map<number, ProcessUsage>([[201, { cpuMs: 500, memoryBytes: 4096 }]]),
    reads: 0,
  };
  const row = (pid: number): ProcessRow => ({ pid, parent: 1, group: pid, session: pid, state: "S", startTicks: 1 });
  const usages = new Usages({
    clock: { now: () => machine.now as Instant },
    processesOf: () => [...machine.used.keys()].map(row),
    invocationOf: () => machine.invocation,
    read(pids) {
      machine.reads++;
      return pids.map((pid) => machine.used.get(pid) ?? null);
    },
  });
  const record = { definition: { name: "web" }, startedAt: 1_000 } as unknown as ServiceRecord;
  return { machine, usages, look: () => usages.of(record) };
}

test("at first what a service uses is told since it was started, and then since somebody asked", () => {
  const { machine, look } = measured();
  expect(look()).toEqual({
    name: "web",
    processes: 1,
    cpu_ms: 500,
    cpu_percent: 5,
    cpu_over_ms: 10_000,
    memory_bytes: 4096,
  });
  machine.now += 2_000;
  machine.used.set(201, { cpuMs: 1_500, memoryBytes: 8192 });
  machine.used.set(202, { cpuMs: 2_000, memoryBytes: 4096 });
  expect(look()).toMatchObject({ processes: 2, cpu_percent: 150, cpu_over_ms: 2_000, memory_bytes: 12_288 });
});

test("who asks again at once is told the same, and nothing is measured", () => {
  const { machine, look } = measured();
  const first = look();
  machine.now += 499;
  machine.used.set(201, { cpuMs: 900, memoryBytes: 8192 });
  expect(look()).toBe(first as never);
  machine.now += 1;
  expect(look()).toMatchObject({ cpu_ms: 900, cpu_over_ms: 500 });
  expect(machine.reads).toBe(2);
});

test("another run, or a look of long ago, says nothing of the present", () => {
  const { machine, look } = measured();
  look();
  machine.now += 5_000;
  machine.invocation = "second";
  machine.used.set(201, { cpuMs: 100, memoryBytes: 1 });
  expect(look()).toMatchObject({ cpu_ms: 100, cpu_over_ms: 15_000 });
  machine.now += 600_000;
  expect(look()).toMatchObject({ cpu_over_ms: 615_000 });
});

test("processor time that goes with a process does not count below nothing", () => {
  const { machine, look } = measured();
  machine.used.set(202, { cpuMs: 5_000, memoryBytes: 1 });
  look();
  machine.now += 1_000;
  machine.used.delete(202);
  expect(look()).toMatchObject({ cpu_percent: 0, processes: 1 });
});

test("of what does not run nothing is told", () => {
  const { machine, look } = measured();
  machine.used.clear();
  expect(look()).toBeNull();
  machine.invocation = null;
  expect(look()).toBeNull();
});
