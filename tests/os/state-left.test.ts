/* What a supervisor that has died has left running, by a look at its state mapping. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readProcess } from "../../src/os/processes.ts";
import { countLeftServices } from "../../src/os/state-left.ts";
import { openStateMapping } from "../../src/os/state-mapping.ts";

const INVOCATION = "ab".repeat(16);

test("services count whose process is the one that was noted, of a supervisor of this boot that has ended otherwise than in order", () => {
  const directory = mkdtempSync(join(tmpdir(), "daemonsup-left-"));
  const path = join(directory, "state");
  const own = process.pid;
  const startTicks = readProcess(own)?.startTicks ?? 0;
  expect(countLeftServices(path, { bootId: "boot", ended: own })).toBe(0);
  writeFileSync(path, "no state");
  expect(countLeftServices(path, { bootId: "boot", ended: own })).toBe(0);
  rmSync(path);

  const opened = openStateMapping(path, { bootId: "boot", pid: own });
  if (opened.tag === "failed") throw new Error(opened.message);
  const { mapping } = opened;
  const run = (name: string, ticks: number): void => {
    const allocation = mapping.allocate(name);
    if (allocation.tag === "failed") throw new Error(allocation.reason);
    allocation.slot.intent(INVOCATION, 0);
    allocation.slot.running(own, ticks);
  };
  run("lives", startTicks);
  run("lives-too", startTicks);
  run("is-another", startTicks - 1);
  mapping.allocate("was-never-started");
  expect(countLeftServices(path, { bootId: "boot", ended: own })).toBe(2);
  // Its supervisor, which is this process, is at work.
  expect(countLeftServices(path, { bootId: "boot", ended: own + 1 })).toBe(0);
  expect(countLeftServices(path, { bootId: "other boot", ended: own })).toBe(0);
  mapping.closeCleanly();
  expect(countLeftServices(path, { bootId: "boot", ended: own })).toBe(0);
  rmSync(directory, { recursive: true });
});
