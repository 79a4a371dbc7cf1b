/* What a supervisor finds of one that died, what it does about it, and that it says so. */
import { expect, test } from "bun:test";
import { program, shell } from "./definitions.ts";
import { environmentOf } from "./process-facts.ts";
import { executes, ignores, variableOf } from "./proc.ts";
import { TestPlace, TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

async function die(supervisor: TestSupervisor): Promise<TestPlace> {
  supervisor.kill("SIGKILL");
  await supervisor.gone();
  return supervisor.place;
}

function sleepersOf(place: TestPlace, service: string): readonly number[] {
  return place.marked().filter((pid) => variableOf(pid, "DAEMONSUP_SERVICE") === service && executes(pid, "sleep"));
}

/** The lines of the supervisor's log that say what was left of the service. */
function told(place: TestPlace, service: string): string {
  const lines = place.read("log", "daemonsup.log").split("\n");
  return lines.filter((line) => line.includes(` ${service}: left running by a supervisor that died`)).join("\n");
}

test("everything that a dead supervisor left is stopped first, and named", async () => {
  const scripts: Readonly<Record<string, { readonly script: string; readonly sleepers: number }>> = {
    plain: { script: "exec sleep 1000", sleepers: 1 },
    family: { script: "(setsid sleep 1000 &); sleep 1000 & exec sleep 1000", sleepers: 3 },
    stubborn: { script: "trap '' TERM; exec sleep 1000", sleepers: 1 },
    orphaned: { script: "(setsid sleep 1000 &); exec sleep 1000", sleepers: 2 },
  };
  const files = Object.entries(scripts).map(([name, { script }]) => [
    `${name}.toml`,
    shell(script, '[stop]\ntimeout = "200ms"'),
  ]);
  await using first = await TestSupervisor.start(Object.fromEntries(files) as Record<string, string>);
  const { place } = first;
  for (const [name, { sleepers }] of Object.entries(scripts))
    await untilTrue(() => sleepersOf(place, name).length === sleepers);
  await untilTrue(() => sleepersOf(place, "stubborn").every((pid) => ignores(pid, "SIGTERM")));
  const before = await first.services();
  const left = place.marked();
  const main = (name: string): number => before.find((view) => view.name === name)?.pid ?? 0;
  await die(first);
  // Its main process is gone by the time of the next start: the others are found all the same.
  signalProcess(main("orphaned"), "SIGKILL");
  await untilTrue(() => hasEnded(main("orphaned")));

  await using second = await place.start();
  expect(left.filter((pid) => !hasEnded(pid))).toEqual([]);
  for (const name of Object.keys(scripts)) {
    const view = await second.until(name, ({ state }) => state === "up");
    expect(before.map(({ pid }) => pid)).not.toContain(view.pid);
    expect(told(place, name)).toContain(name === "orphaned" ? "(sleep)" : `pid ${main(name)} (sleep)`);
  }
  expect(told(place, "plain")).toContain("stopping it first");
  expect(told(place, "family")).toContain("stopping them first");
});

test("what an operator wanted outlives the death of the supervisor", async () => {
  await using first = await TestSupervisor.start({
    "stopped.toml": program(["sleep", "1000"]),
    "started.toml": program(["sleep", "1000"], 'start = "manual"'),
    "untouched.toml": program(["sleep", "1000"], 'start = "manual"'),
    "stopping.toml": shell("trap '' TERM; exec sleep 1000", '[stop]\ntimeout = "1h"'),
  });
  const { pid } = await first.until("stopping", (view) => view.state === "up");
  await untilTrue(() => ignores(pid ?? 0, "SIGTERM"));
  expect((await first.command("stop", "stopped")).code).toBe(0);
  expect((await first.command("start", "started")).code).toBe(0);
  expect((await first.command("stop", "--no-wait", "stopping")).code).toBe(0);
  const place = await die(first);
  signalProcess(pid, "SIGKILL");

  await using second = await place.start();
  expect(await second.service("stopped")).toMatchObject({ state: "down", want: "down" });
  expect(await second.service("stopping")).toMatchObject({ state: "down", want: "down" });
  expect(await second.service("untouched")).toMatchObject({ state: "down", want: "down" });
  await second.until("started", (view) => view.state === "up");
});

test("what is left of a service that has no definition any more is stopped, and the service forgotten", async () => {
  await using first = await TestSupervisor.start({
    "kept.toml": program(["sleep", "1000"]),
    "removed.toml": program(["sleep", "1000"]),
  });
  const { pid } = await first.until("removed", (view) => view.state === "up");
  const place = await die(first);
  place.remove("removed.toml");

  await using second = await place.start();
  await untilTrue(() => hasEnded(pid ?? 0));
  while ((await second.services()).length > 1) await second.event(({ event }) => event === "removed");
  expect(told(place, "removed")).toContain(`pid ${pid}`);
});

test("a process that only has the environment of a service is not taken for a part of it", async () => {
  await using first = await TestSupervisor.start({ "copied.toml": program(["sleep", "1000"]) });
  const { pid } = await first.until("copied", (view) => view.state === "up");
  const copy = Bun.spawn(["sleep", "1000"], { env: Object.fromEntries(environmentOf(pid ?? 0)) });
  try {
    const place = await die(first);
    await using second = await place.start();
    await second.until("copied", (view) => view.state === "up");
    expect(hasEnded(pid ?? 0)).toBe(true);
    expect(hasEnded(copy.pid)).toBe(false);
  } finally {
    copy.kill("SIGKILL");
    await copy.exited;
  }
});

test("after an orderly end the next supervisor finds nothing to say", async () => {
  await using first = await TestSupervisor.start({ "plain.toml": program(["sleep", "1000"]) });
  await first.until("plain", (view) => view.state === "up");
  first.kill("SIGTERM");
  await first.gone();
  await using second = await first.place.start();
  await second.until("plain", (view) => view.state === "up");
  expect(told(first.place, "plain")).toBe("");
});

test.each(["before_start", "after_stop"] as const)("a %s hook that was at work is stopped first", async (hook) => {
  const place = new TestPlace({});
  const mark = place.path("mark");
  const script = `if [ -e ${mark} ]; then exit 0; fi; : > ${mark}; exec sleep 1001`;
  const hooks = `[hooks]\n${hook} = ["/bin/sh", "-c", ${JSON.stringify(script)}]`;
  place.write("hooked.toml", shell("true", `type = "oneshot"\n${hooks}`));
  await using first = await place.start();
  await untilTrue(() => sleepersOf(place, "hooked").length === 1);
  const [left] = sleepersOf(place, "hooked");
  await die(first);

  await using second = await place.start();
  expect(hasEnded(left ?? 0)).toBe(true);
  expect(told(place, "hooked")).toContain(`pid ${left} (sleep)`);
  await second.until("hooked", (view) => view.state === "done");
});
