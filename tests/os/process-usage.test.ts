import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { readUsages } from "../../src/os/process-usage.ts";

test("what a process uses is what the kernel counts for it", async () => {
  const idle = Bun.spawn(["sleep", "1000"]);
  const busy = Bun.spawn(
    ["sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; exec sleep 1000"],
    {
      stdout: "pipe",
    },
  );
  try {
    for await (const _ of busy.stdout) break;
    const [first, second, own] = readUsages([idle.pid, busy.pid, process.pid]);
    expect(first?.cpuMs).toBeLessThan(second?.cpuMs ?? 0);
    expect(first?.threads).toBe(1);
    expect(own?.threads).toBeGreaterThan(1);
    const pages = Number(readFileSync(`/proc/${idle.pid}/statm`, "utf8").split(" ")[1]);
    expect(first?.memoryBytes).toBeGreaterThan(0);
    // The kernel gathers what it counts for each thread now and then.
    expect(Math.abs((first?.memoryBytes ?? 0) / 1024 - pages * 4)).toBeLessThan(1024);
    expect(own?.memoryBytes).toBeGreaterThan(first?.memoryBytes ?? 0);
  } finally {
    idle.kill();
    busy.kill();
    await Promise.all([idle.exited, busy.exited]);
  }
});

test("a process that there is not uses nothing that could be told", () => {
  expect(readUsages([])).toEqual([]);
  // One more than the highest number of any kernel.
  expect(readUsages([4_194_304, process.pid]).map((usage) => usage === null)).toEqual([true, false]);
});
