/* A shutdown that nobody is left to finish, as with a service manager that loses its patience, and the start after it. */
import { expect, test } from "bun:test";
import { shell } from "./definitions.ts";
import { TestSupervisor, signalProcess } from "./test-supervisor.ts";

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
    "app.toml": shell("while :; do sleep 1; done", 'requires = ["slow"]'),
    "manual.toml": shell("while :; do sleep 1; done", 'start = "manual"'),
    "off.toml": shell("while :; do sleep 1; done"),
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
    "web.toml": shell("while :; do sleep 1; done"),
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
