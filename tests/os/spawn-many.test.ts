import { expect, test } from "bun:test";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Spawner } from "../../src/os/spawn.ts";
import { commandOf, expectChild, isRoot, makeScratch, reap, requestOf } from "./spawn-kit.ts";

test("2,000 spawns leave no descriptor and no child behind", () => {
  // Some descriptors are taken once for all.
  {
    using first = new Spawner();
    first.prepare();
  }
  const openCount = () => readdirSync("/proc/self/fd").length;
  const children = () => readFileSync("/proc/thread-self/children", "utf8");
  const childrenBefore = children();
  /** How many more there are after a spawner with so many spawns. */
  const growth = (spawns: number): number => {
    const before = openCount();
    {
      using spawner = new Spawner();
      for (let index = 0; index < spawns; index++)
        expect(reap(expectChild(spawner.spawn(requestOf({}), 10_000)))).toBe(0);
      expect(spawner.pendingCount).toBe(0);
    }
    return openCount() - before;
  };
  // The runtime may take some for itself at any time, but not each time.
  expect(Math.min(...Array.from({ length: 4 }, () => growth(500)))).toBeLessThanOrEqual(0);
  expect(children()).toBe(childrenBefore);
}, 60_000);

test.skipIf(!isRoot)(
  "1,000 spawns with user and group are all right (only as root)",
  () => {
    using spawner = new Spawner();
    using scratch = makeScratch();
    const path = join(scratch.path, "out");
    const fd = openSync(path, "a");
    for (let index = 0; index < 1_000; index++) {
      const credentials = { uid: 10_000 + index, gid: 20_000 + index, groups: [30_000 + index] };
      const request = requestOf({
        ...commandOf("/bin/sed", "-n", "/^[UG]id\\|^Groups/p", "/proc/self/status"),
        stdout: fd,
        credentials,
      });
      expect(reap(expectChild(spawner.spawn(request, 10_000)))).toBe(0);
    }
    closeSync(fd);
    const expected = Array.from({ length: 1_000 }, (_, index) => {
      const four = (id: number) => [id, id, id, id].join("\t");
      return `Uid:\t${four(10_000 + index)}\nGid:\t${four(20_000 + index)}\nGroups:\t${30_000 + index} \n`;
    });
    expect(readFileSync(path, "utf8")).toBe(expected.join(""));
  },
  60_000,
);
