/* Instances that were added by "scale" or a start, over the death of the supervisor, and of its guardian with it. */
import { describe, expect, test } from "bun:test";
import { program } from "./definitions.ts";
import { TestPlace, type TestSupervisor, signalProcess } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);
const WEB = `${SLEEPER}instances = 2\n`;

async function pids(supervisor: TestSupervisor): Promise<Readonly<Record<string, number | null>>> {
  return Object.fromEntries((await supervisor.services()).map(({ name, pid }) => [name, pid]));
}

/** Kills the supervisor alone; its guardian starts another one. */
async function replace(supervisor: TestSupervisor): Promise<TestSupervisor> {
  signalProcess(supervisor.supervisorPid, "SIGKILL");
  return await supervisor.successor();
}

/** Kills both, and starts a supervisor anew. */
async function startAgain(supervisor: TestSupervisor): Promise<TestSupervisor> {
  supervisor.kill("SIGKILL");
  await supervisor.gone();
  return await supervisor.place.start();
}

describe.each([
  ["the supervisor", replace],
  ["both", startAgain],
] as const)("where %s is killed", (_who, succeed) => {
  test("instances beyond those of the file run on, a reload keeps them, and they can be taken back", async () => {
    using place = new TestPlace({ "web@.toml": WEB, "db@.toml": WEB });
    await using first = await place.start();
    expect((await first.command("scale", "web", "4")).stdout).toBe("web: 4 instances; started: web@3, web@4\n");
    expect((await first.command("start", "web@x")).code).toBe(0);
    expect((await first.command("scale", "db", "1")).stdout).toBe("db: 1 instance; stopped: db@2\n");
    const before = await pids(first);
    expect(Object.keys(before)).toEqual(["db@1", "web@1", "web@2", "web@3", "web@4", "web@x"]);

    await using second = await succeed(first);
    expect(await pids(second)).toEqual(before);
    place.write("new.toml", SLEEPER);
    const reload = await second.command("reload");
    expect([reload.code, reload.stdout]).toEqual([0, expect.stringContaining("1 added, 0 removed")]);
    const after = await pids(second);
    expect(after).toMatchObject(before);
    expect(Object.keys(after)).toEqual(["db@1", "new", "web@1", "web@2", "web@3", "web@4", "web@x"]);
    await place.untilMarked(...Object.values(after));

    const back = await second.command("scale", "web", "3");
    expect([back.code, back.stdout]).toEqual([0, expect.stringContaining("stopped: web@4")]);
    expect(await pids(second)).toMatchObject({ "web@3": before["web@3"] ?? 0 });
  });
});

test("a supervisor that is killed in the middle of a scale leaves the rest of it to its successor, and nothing runs twice", async () => {
  using place = new TestPlace({ "web@.toml": WEB });
  await using first = await place.start();
  const before = await pids(first);
  const scaling = first.command("scale", "web", "12");
  await first.event(({ service, state }) => service === "web@5" && state !== "down");
  signalProcess(first.supervisorPid, "SIGKILL");
  expect((await scaling).code).toBe(0);
  await using second = await first.successor();
  const after = await pids(second);
  expect(Object.keys(after)).toHaveLength(12);
  expect(after).toMatchObject(before);
  await place.untilMarked(...Object.values(after));
  expect((await second.services()).filter(({ state }) => state !== "up")).toEqual([]);
});
