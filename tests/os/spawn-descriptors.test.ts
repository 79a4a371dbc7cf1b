import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { Spawner } from "../../src/os/spawn.ts";
import { commandOf, letInherit, makeScratch, outputOf } from "./spawn-kit.ts";

/*
 * A child begins with the descriptors of its parent and makes a table of its own first of all. Where that can go wrong is
 * the moment before, in which a filter of system calls holds it here.
 */

const SPAWNER = join(import.meta.dir, "../programs/filtered-spawner.ts");

// Some containers allow none.
const cannotFilter = Bun.spawnSync([process.execPath, SPAWNER, "/", "able"]).exitCode !== 0;

let spawner: Spawner;
beforeAll(() => {
  spawner = new Spawner();
});
afterAll(() => spawner[Symbol.dispose]());

/** The links of descriptors 0 and up of a child, and then the numbers of all it has but one that it opens for the list. */
function descriptorsOf(passed: readonly (number | null)[]): readonly string[] {
  const script = `for n in $(seq 0 ${passed.length + 2}); do readlink /proc/$$/fd/$n; done; cd /proc/$$/fd; echo *`;
  const output = outputOf((request) => spawner.spawn(request, 10_000), {
    ...commandOf("/bin/sh", "-c", script),
    stderr: 2,
    passed,
  });
  return output.trimEnd().split("\n");
}

// 60: more than lie ready for children; then the child gets a copy of all first.
test.each([0, 1, 5, 13, 60])(
  "a child gets exactly its descriptors, %i passed ones among them, while the parent has thousands",
  (count) => {
    using scratch = makeScratch();
    const many = Array.from({ length: 3_000 }, () => openSync("/dev/zero", "r"));
    const names = Array.from({ length: count }, (_, index) => join(scratch.path, String(index)));
    const passed = names.map((name) => openSync(name, "w"));
    const [nothing, output, errors, ...rest] = descriptorsOf(passed);
    for (const fd of [...many, ...passed]) closeSync(fd);
    expect(nothing).toBe("/dev/null");
    expect(output).toEndWith("/out");
    expect(errors).not.toBe("/dev/zero");
    const numbers = Array.from({ length: count + 3 }, (_, index) => index);
    expect(rest.slice(0, count)).toEqual(names);
    // In the order of their names, as the shell lists them.
    const listed = rest[count]?.split(" ").map(Number) ?? [];
    expect(listed.sort((left, right) => left - right).slice(0, count + 3)).toEqual(numbers);
    expect(listed.length).toBe(count + 4);
  },
);

// Beyond those that lie ready for children.
test.each([0, 1, 5, 60])("numbers that are left out stay closed, %i of them before the first", (gap) => {
  using scratch = makeScratch();
  const names = ["first", "second"].map((name) => join(scratch.path, name));
  const [first = -1, second = -1] = names.map((name) => openSync(name, "w"));
  const inherited = openSync("/dev/zero", "r");
  letInherit(inherited);
  const nothing = Array.from({ length: gap }, () => null);
  const [, , , ...rest] = descriptorsOf([...nothing, first, null, second]);
  for (const fd of [first, second, inherited]) closeSync(fd);
  expect(rest.slice(0, 2)).toEqual(names);
  const listed = rest[2]?.split(" ").map(Number) ?? [];
  // One more is the shell's own, for the list.
  const wanted = [0, 1, 2, 3 + gap, 5 + gap];
  expect(listed.filter((fd) => wanted.includes(fd)).length).toBe(5);
  expect(listed.length).toBe(6);
});

test("what is passed may lie on numbers that are left out, or on each other's", () => {
  using scratch = makeScratch();
  const names = Array.from({ length: 40 }, (_, index) => join(scratch.path, String(index)));
  const fds = names.map((name) => openSync(name, "w"));
  // The highest first, and a number left out after each: sources and targets cross in every way.
  const passed = fds.toReversed().flatMap((fd) => [fd, null]);
  const rest = descriptorsOf(passed).slice(3);
  for (const fd of fds) closeSync(fd);
  expect(rest.slice(0, 40)).toEqual(names.toReversed());
});

interface Outcome {
  readonly tag?: string;
  readonly first?: string;
  readonly heldCount?: number;
  readonly status?: number;
  readonly statuses?: readonly number[];
  readonly lost?: readonly string[];
  readonly left?: number;
  readonly wrote?: string | readonly string[];
}

async function runFiltered(mode: string): Promise<Outcome> {
  using scratch = makeScratch();
  await using program = Bun.spawn([process.execPath, SPAWNER, scratch.path, mode], { stdout: "pipe" });
  return JSON.parse(await program.stdout.text()) as Outcome;
}

test.skipIf(cannotFilter)("where a child cannot make a table of its own, it gets a copy of its parent's", async () => {
  expect(await runFiltered("refused")).toEqual({ tag: "spawned", status: 0, wrote: "0\n0 1 2 3\n" });
});

test.skipIf(cannotFilter)(
  "children held before they have a table of their own are pending, and get theirs whatever the parent does",
  async () => {
    const { first, heldCount, statuses, lost, left, wrote } = await runFiltered("held");
    expect(first).toBe("pending");
    expect(heldCount).toBeGreaterThan(1);
    expect(statuses).toEqual(Array.from({ length: 16 }, () => 0));
    expect(lost).toEqual([]);
    expect(left).toBe(0);
    expect(wrote).toEqual(Array.from({ length: 16 }, (_, name) => `${name}\n0 1 2 3\n`));
  },
);

test.skipIf(cannotFilter)(
  "children that die before they have a table of their own take nothing from their parent",
  async () => {
    const statuses = Array.from({ length: 16 }, () => -9);
    expect(await runFiltered("killed")).toEqual({ statuses, lost: [], left: 0 });
  },
);
