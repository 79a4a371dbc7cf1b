import { expect, test } from "bun:test";
import { shell } from "./definitions.ts";
import { TestSupervisor, untilTrue } from "./test-supervisor.ts";

const LINGERING = '[stop]\ncommand = ["/bin/sh", "-c", "kill $MAINPID; exec sleep 1000"]';

test("a stop command does not outlive the service that it has stopped", async () => {
  await using supervisor = await TestSupervisor.start({ "sleeper.toml": shell("exec sleep 1000", LINGERING) });
  expect((await supervisor.command("stop", "sleeper")).code).toBe(0);
  await untilTrue(() => supervisor.place.marked().length === 0);
});

test("a stop command does not outlive the supervisor", async () => {
  await using supervisor = await TestSupervisor.start({ "sleeper.toml": shell("exec sleep 1000", LINGERING) });
  supervisor.kill("SIGTERM");
  await supervisor.gone();
  expect(supervisor.place.marked()).toEqual([]);
});
