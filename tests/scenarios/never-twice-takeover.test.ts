/* What a supervisor finds of one that died, what it does about it, and that it says so. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
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

/** Lets the guardian start another supervisor in the place of this one. */
async function replace(supervisor: TestSupervisor): Promise<TestSupervisor> {
  signalProcess(supervisor.supervisorPid, "SIGKILL");
  return await supervisor.successor();
}

const WAYS = [
  ["its guardian too", async (first: TestSupervisor) => await (await die(first)).start()],
  ["not its guardian", replace],
] as const;

const SCRIPTS: Readonly<Record<string, { readonly script: string; readonly sleepers: number }>> = {
  plain: { script: "exec sleep 1000", sleepers: 1 },
  family: { script: "(setsid sleep 1000 &); sleep 1000 & exec sleep 1000", sleepers: 3 },
  stubborn: { script: "trap '' TERM; exec sleep 1000", sleepers: 1 },
  orphaned: { script: "(setsid sleep 1000 &); exec sleep 1000", sleepers: 2 },
};

async function startScripts(): Promise<TestSupervisor> {
  const files = Object.entries(SCRIPTS).map(([name, { script }]) => [
    `${name}.toml`,
    shell(script, '[stop]\ntimeout = "200ms"'),
  ]);
  const supervisor = await TestSupervisor.start(Object.fromEntries(files) as Record<string, string>);
  for (const [name, { sleepers }] of Object.entries(SCRIPTS))
    await untilTrue(() => sleepersOf(supervisor.place, name).length === sleepers);
  await untilTrue(() => sleepersOf(supervisor.place, "stubborn").every((pid) => ignores(pid, "SIGTERM")));
  return supervisor;
}

test.each(WAYS)("what a supervisor that was killed has left goes on as it was (%s)", async (_who, succeed) => {
  await using first = await startScripts();
  const { place } = first;
  const before = await first.services();
  const left = place.marked();
  await using second = await succeed(first);
  expect(await second.services()).toEqual(
    before.map((view) => ({ ...view, uptime_ms: expect.any(Number) as number | null })),
  );
  await place.untilMarked(...left);
  await place.logged("goes on with 4 services of a supervisor that died, 4 of them running");

  // All of it is still known, so it ends with the service.
  expect((await second.command("stop", "family", "stubborn")).code).toBe(0);
  expect([...sleepersOf(place, "family"), ...sleepersOf(place, "stubborn")]).toEqual([]);
  const restarted = await second.command("restart", "orphaned");
  expect(restarted.code).toBe(0);
  expect(left.filter((pid) => sleepersOf(place, "orphaned").includes(pid))).toEqual([]);
});

test.each(WAYS)("what ends while no supervisor runs is started again, and nothing else (%s)", async (_who, succeed) => {
  await using first = await startScripts();
  const { place } = first;
  const before = await first.services();
  const main = before.find((view) => view.name === "orphaned")?.pid ?? 0;
  const left = sleepersOf(place, "orphaned");
  // The guardian is stopped while it would start another one.
  signalProcess(first.pid, "SIGSTOP");
  signalProcess(first.supervisorPid, "SIGKILL");
  await untilTrue(() => hasEnded(first.supervisorPid));
  signalProcess(main, "SIGKILL");
  await untilTrue(() => hasEnded(main));
  const isFollowed = succeed === replace;
  if (isFollowed) signalProcess(first.pid, "SIGCONT");
  await using second = await (isFollowed ? first.successor() : succeed(first));
  const view = await second.until("orphaned", ({ state, pid }) => state === "up" && pid !== main);
  expect(view.restarts).toBe(1);
  await untilTrue(() => left.every(hasEnded));
  for (const { name, pid } of before)
    if (name !== "orphaned") expect(await second.service(name)).toMatchObject({ state: "up", pid, restarts: 0 });
  if (isFollowed) expect(view.last_exit).toMatchObject({ signal: "SIGKILL" });
});

test.each(WAYS)(
  "a backoff and a stop that were under way go on with what was left of them (%s)",
  async (_who, succeed) => {
    await using first = await TestSupervisor.start({
      "crashing.toml": shell("exit 3", '[restart]\ndelay = "1h"\nmax_delay = "1h"'),
      "stubborn.toml": shell("trap '' TERM; exec sleep 1000", '[stop]\ntimeout = "3s"'),
    });
    const { pid } = await first.until("stubborn", (view) => view.state === "up");
    await untilTrue(() => ignores(pid ?? 0, "SIGTERM"));
    const before = await first.until("crashing", (view) => view.state === "backoff");
    expect((await first.command("stop", "--no-wait", "stubborn")).code).toBe(0);
    await first.until("stubborn", (view) => view.state === "stopping");
    const began = performance.now();
    await using second = await succeed(first);
    const after = await second.service("crashing");
    const shift = Math.abs(Date.parse(after.next_start ?? "") - Date.parse(before.next_start ?? ""));
    expect({ ...after, next_start: null }).toEqual({ ...before, next_start: null });
    expect(shift).toBeLessThan(100);
    const down = await second.until("stubborn", (view) => view.state === "down");
    expect(down.last_exit?.reason).toContain("did not stop within 3s");
    expect(performance.now() - began).toBeLessThan(5_000);
  },
);

test.each(WAYS)(
  "nothing is started twice where the state of services can no longer be read (%s)",
  async (_who, succeed) => {
    await using first = await TestSupervisor.start({ "web.toml": shell("exec sleep 1000") });
    const { pid } = await first.until("web", (view) => view.state === "up");
    const state = first.place.path("run", "state");
    writeFileSync(state, crypto.getRandomValues(new Uint8Array(65_536)), { flag: "r+" });
    await using second = await succeed(first);
    expect(await second.service("web")).toMatchObject({ state: "up", pid, restarts: 0 });
    expect(second.place.marked()).toEqual([pid ?? 0]);
  },
);

test("a definition that was changed while no supervisor ran is applied once another one does, and nothing is relayed", async () => {
  await using first = await TestSupervisor.start({
    "changed.toml": program(["sleep", "1000"]),
    "kept.toml": shell("trap 'echo hup' HUP; while :; do sleep 0.05; done"),
  });
  const before = new Map((await first.services()).map(({ name, pid }) => [name, pid]));
  const place = await die(first);
  place.write("changed.toml", program(["sleep", "1001"]));
  place.write("added.toml", program(["sleep", "1002"]));

  await using second = await place.start();
  await second.until("added", (view) => view.state === "up");
  const changed = await second.until("changed", ({ state, pid }) => state === "up" && pid !== before.get("changed"));
  await untilTrue(() => executes(changed.pid ?? 0, "sleep"));
  expect(hasEnded(before.get("changed") ?? 0)).toBe(true);
  expect(await second.service("kept")).toMatchObject({ pid: before.get("kept") });
  await place.logged("the files have changed since the supervisor died: ");
  expect(place.ownLog()).not.toContain("relayed");
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
  const started = await first.service("started");
  expect((await first.command("stop", "--no-wait", "stopping")).code).toBe(0);
  const place = await die(first);
  signalProcess(pid, "SIGKILL");

  await using second = await place.start();
  expect(await second.service("stopped")).toMatchObject({ state: "down", want: "down" });
  expect(await second.service("stopping")).toMatchObject({ state: "down", want: "down" });
  expect(await second.service("untouched")).toMatchObject({ state: "down", want: "down" });
  expect(await second.service("started")).toMatchObject({ state: "up", pid: started.pid });
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
  expect(await second.service("kept")).toMatchObject({ state: "up", restarts: 0 });
});

test("a process that only has the environment of a service is not taken for a part of it", async () => {
  await using first = await TestSupervisor.start({ "copied.toml": program(["sleep", "1000"]) });
  const { pid } = await first.until("copied", (view) => view.state === "up");
  const copy = Bun.spawn(["sleep", "1000"], { env: Object.fromEntries(environmentOf(pid ?? 0)) });
  try {
    const place = await die(first);
    await using second = await place.start();
    expect(await second.service("copied")).toMatchObject({ state: "up", pid });
    expect((await second.command("stop", "copied")).code).toBe(0);
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
  expect(first.place.ownLog()).not.toContain("died");
});

test.each(
  (["before_start", "after_stop"] as const).flatMap((hook) =>
    WAYS.map(([who, succeed]) => [hook, who, succeed] as const),
  ),
)("a %s hook that was at work is waited for (%s)", async (hook, _who, succeed) => {
  const place = new TestPlace({});
  const [begun, end] = [place.path("begun"), place.path("end")];
  const script = `echo >> ${begun}; while ! [ -e ${end} ]; do sleep 0.02; done`;
  const hooks = `[hooks]\n${hook} = ["/bin/sh", "-c", ${JSON.stringify(script)}]`;
  place.write("hooked.toml", shell("true", `type = "oneshot"\n${hooks}`));
  await using first = await place.start();
  await untilTrue(() => existsSync(begun));
  await using second = await succeed(first);
  const state = hook === "before_start" ? "starting" : "stopping";
  expect(await second.service("hooked")).toMatchObject({ state });
  writeFileSync(end, "");
  await second.until("hooked", (view) => view.state === "done");
  // How a process ends that is no child any more is not always known: then it is run once more.
  if (succeed === replace) expect(readFileSync(begun, "utf8")).toBe("\n");
});
