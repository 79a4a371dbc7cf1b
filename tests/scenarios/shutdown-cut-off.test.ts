/*
 * A shutdown in whose midst the supervisor dies; and one that nobody is left to finish, as with a service manager that loses its
 * patience, and the start after it.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { program, shell } from "./definitions.ts";
import { FaultyBinary } from "./faulty-binary.ts";
import { RunningCommand } from "./running-command.ts";
import { TestPlace, TestSupervisor, signalProcess } from "./test-supervisor.ts";

let binary: FaultyBinary;
beforeAll(async () => {
  binary = await FaultyBinary.build({
    begin: ["supervisor/shutdown.ts", "Shutdown", "begin"],
    telling: ["daemon-guardian.ts", "GuardianLink", "ending"],
  });
}, 30_000);
afterAll(() => binary?.[Symbol.dispose]());

const IDLE = "while :; do sleep 1; done";
const SLOW = shell("trap 'sleep 0.5; exit 0' TERM; echo on; while :; do sleep 0.05; done");
/** Everything ends with it, and it ends when the file is there. */
const critical = (go: string): string => shell(`until [ -e "${go}" ]; do sleep 0.01; done; exit 42`, "critical = true");

test("a supervisor that goes on with a shutdown ends with the status with which that began", async () => {
  using place = new TestPlace({ "slow.toml": SLOW });
  place.write("main.toml", critical(place.path("go")));
  await using command = new RunningCommand(place.startWords({ foreground: true }));
  await command.says("stdout", /is up/);
  await using first = await TestSupervisor.connect(place);
  await first.line("slow", (text) => text === "on");
  await Bun.write(place.path("go"), "");
  await first.event(({ service, state }) => service === "slow" && state === "stopping");
  signalProcess(first.supervisorPid, "SIGKILL");
  expect(await command.ended).toEqual({ code: 42, signal: null });
  expect(place.marked()).toEqual([]);
});

test("a shutdown of which the guardian has not heard is gone on with", async () => {
  using place = new TestPlace({ "idle.toml": program(["sleep", "1000"]) });
  await using supervisor = await binary.start(place);
  await supervisor.until("idle", ({ state }) => state === "up");
  binary.ask("telling", "die");
  // Who asks this way does not ask again.
  await supervisor.request("POST", "/v1/shutdown").catch(() => null);
  await supervisor.gone();
  expect(place.ownLog()).toContain("killed by SIGKILL");
  expect(place.marked()).toEqual([]);
});

test("a critical service has ended everything also where the supervisor dies before it begins with that", async () => {
  using place = new TestPlace({ "idle.toml": program(["sleep", "1000"]) });
  place.write("main.toml", critical(place.path("go")));
  await using supervisor = await binary.start(place);
  await supervisor.until("idle", ({ state }) => state === "up");
  binary.ask("begin", "die");
  await Bun.write(place.path("go"), "");
  await supervisor.gone();
  expect(place.ownLog()).toContain("ends with status 42");
  expect(place.marked()).toEqual([]);
});

/** The guardian and the supervisor die at once. */
async function killBoth(supervisor: TestSupervisor): Promise<void> {
  // Each would start the other one again.
  signalProcess(supervisor.pid, "SIGSTOP");
  signalProcess(supervisor.supervisorPid, "SIGKILL");
  signalProcess(supervisor.pid, "SIGKILL");
  await supervisor.gone();
}

test("after a shutdown that was cut off, a start runs all that is to run, and nothing else", async () => {
  await using first = await TestSupervisor.start({
    "app.toml": shell(IDLE, 'requires = ["slow"]'),
    "manual.toml": shell(IDLE, 'start = "manual"'),
    "off.toml": shell(IDLE),
    "slow.toml": shell("trap 'sleep 1; exit 0' TERM; echo on; while :; do sleep 0.05; done"),
  });
  await first.line("slow", (text) => text === "on");
  expect((await first.command("stop", "off")).code).toBe(0);
  signalProcess(first.pid, "SIGTERM");
  await first.event(({ service, state }) => service === "slow" && state === "stopping");
  await killBoth(first);
  await using next = await first.place.start();
  await next.until("slow", ({ state }) => state === "up");
  await next.until("app", ({ state }) => state === "up");
  const states = (await next.services()).map(({ name, state }) => `${name} ${state}`);
  expect(states.toSorted()).toEqual(["app up", "manual down", "off down", "slow up"]);
});

test("where no shutdown had begun, a start leaves alone what is down although it is to run", async () => {
  const job = (more: string): string => shell("echo ran", `type = "oneshot"\n${more}`);
  await using first = await TestSupervisor.start({
    "job.toml": job('schedule.every = "1d"'),
    "web.toml": shell(IDLE),
  });
  await first.until("job", ({ state }) => state === "waiting");
  first.place.write("job.toml", job(""));
  expect((await first.command("reload")).code).toBe(0);
  await first.until("job", ({ state }) => state === "down");
  await killBoth(first);
  await using next = await first.place.start();
  await next.until("web", ({ state }) => state === "up");
  expect(await next.service("job")).toMatchObject({ state: "down", message: expect.stringContaining("was taken out") });
});
