import { expect, test } from "bun:test";
import { mkdirSync, readlinkSync, rmdirSync, writeFileSync } from "node:fs";
import type { ReportView } from "../../src/core/history-view.ts";
import { shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { TestSupervisor, untilTrue } from "./test-supervisor.ts";

const isRoot = process.getuid?.() === 0;
const isFirst = readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]";
const group = `/sys/fs/cgroup/memory/daemonsup-test-${process.pid}`;

/** A memory cgroup of the first version, with so little in it that nothing of size fits. */
function makeGroup(): boolean {
  try {
    mkdirSync(group);
    writeFileSync(`${group}/memory.limit_in_bytes`, String(16 * 1024 * 1024));
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}

const noMemory = skipReason("the kernel's want of memory", [
  [isRoot && isFirst, "only root in the first pid namespace may read of it"],
  [isRoot && makeGroup(), "there is no memory cgroup (v1) that can be made"],
]);

test.skipIf(noMemory !== null)(
  "a service that the kernel has killed for want of memory is told from one that somebody killed",
  async () => {
    mkdirSync(group);
    writeFileSync(`${group}/memory.limit_in_bytes`, String(16 * 1024 * 1024));
    try {
      const never = '[restart]\npolicy = "never"';
      const hungry = `echo $$ > ${group}/cgroup.procs; echo growing; x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo $x`;
      await using supervisor = await TestSupervisor.start({
        "hungry.toml": shell(hungry, never),
        "other.toml": shell("kill -KILL $$", never),
      });
      for (const name of ["hungry", "other"]) await supervisor.until(name, ({ state }) => state === "failed");
      const report = async (name: string): Promise<ReportView> =>
        JSON.parse((await supervisor.command("history", "--json", name, "last")).stdout) as ReportView;
      expect(await report("hungry")).toMatchObject({ cause: "oom", lines: [{ text: "growing" }] });
      expect(await report("other")).toMatchObject({ cause: "crash", reason: "killed by SIGKILL" });
    } finally {
      await untilTrue(() => {
        try {
          rmdirSync(group);
          return true;
        } catch {
          return false;
        }
      });
    }
  },
);
