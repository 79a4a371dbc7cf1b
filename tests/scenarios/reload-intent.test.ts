/* What a person has asked for by hand outlives what the files say, and the supervisor itself. */
import { expect, test } from "bun:test";
import { program } from "./definitions.ts";
import { TestSupervisor } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);
const MANUAL = program(["sleep", "1000"], 'start = "manual"');

/** Ends the supervisor by the signal and starts another in its place. */
async function succeed(supervisor: TestSupervisor, signal: "SIGTERM" | "SIGKILL"): Promise<TestSupervisor> {
  supervisor.kill(signal);
  await supervisor.gone();
  return await supervisor.place.start();
}

test("a manual stop outlives a reload, also one that changes the definition", async () => {
  await using supervisor = await TestSupervisor.start({ "one.toml": SLEEPER });
  await supervisor.until("one", (view) => view.state === "up");
  expect((await supervisor.command("stop", "one")).code).toBe(0);
  for (const text of [SLEEPER, program(["sleep", "2000"]), program(["sleep", "2000"], 'description = "new"')]) {
    supervisor.place.write("one.toml", text);
    expect((await supervisor.command("reload")).code).toBe(0);
    expect(await supervisor.service("one")).toMatchObject({ state: "down", want: "down", pid: null });
  }
  expect(supervisor.place.marked()).toEqual([]);
});

for (const [end, signal] of [
  ["an orderly shutdown", "SIGTERM"],
  ["the death of the supervisor", "SIGKILL"],
] as const) {
  test(`a manual stop outlives ${end}`, async () => {
    await using supervisor = await TestSupervisor.start({ "kept.toml": SLEEPER, "stopped.toml": SLEEPER });
    await supervisor.until("stopped", (view) => view.state === "up");
    await supervisor.command("stop", "stopped");
    await using successor = await succeed(supervisor, signal);
    await successor.until("kept", (view) => view.state === "up");
    expect(await successor.service("stopped")).toMatchObject({ state: "down", want: "down" });

    // Until it is started again, which the next successor remembers as well.
    expect((await successor.command("start", "stopped")).code).toBe(0);
    await using third = await succeed(successor, signal);
    await third.until("stopped", (view) => view.state === "up");
  });
}

test("a manual start outlives the death of the supervisor", async () => {
  await using supervisor = await TestSupervisor.start({ "manual.toml": MANUAL });
  expect((await supervisor.service("manual")).state).toBe("down");
  expect((await supervisor.command("start", "manual")).code).toBe(0);
  await using successor = await succeed(supervisor, "SIGKILL");
  await successor.until("manual", (view) => view.state === "up");
  expect(successor.place.marked()).toHaveLength(1);
});

test("a manual start does not outlive an orderly shutdown, nor come back with the death of who was started after it", async () => {
  await using supervisor = await TestSupervisor.start({ "manual.toml": MANUAL, "other.toml": SLEEPER });
  expect((await supervisor.command("start", "manual")).code).toBe(0);
  await using successor = await succeed(supervisor, "SIGTERM");
  await successor.until("other", (view) => view.state === "up");
  expect(await successor.service("manual")).toMatchObject({ state: "down", want: "down" });
  await using third = await succeed(successor, "SIGKILL");
  await third.until("other", (view) => view.state === "up");
  expect(await third.service("manual")).toMatchObject({ state: "down", want: "down" });
});
