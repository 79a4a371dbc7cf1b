import { expect, test } from "bun:test";
import { TestSupervisor, signalProcess } from "./test-supervisor.ts";

test("a started supervisor runs its services and ends them when it is told to", async () => {
  await using supervisor = await TestSupervisor.start({
    "sleeper.toml": 'command = ["sleep", "1000"]',
    "once.toml": 'command = ["true"]\ntype = "oneshot"',
  });
  const sleeper = await supervisor.until("sleeper", (view) => view.state === "up");
  await supervisor.until("once", (view) => view.state === "done");
  await supervisor.place.untilMarked(sleeper.pid);

  supervisor.kill("SIGTERM");
  await supervisor.gone();
  expect(supervisor.place.marked()).toEqual([]);
});

test("a service that was killed runs again under another pid", async () => {
  await using supervisor = await TestSupervisor.start({
    "sleeper.toml": 'command = ["sleep", "1000"]\n[restart]\ndelay = "0ms"',
  });
  const before = await supervisor.until("sleeper", (view) => view.state === "up");
  signalProcess(before.pid, "SIGKILL");
  const after = await supervisor.until("sleeper", (view) => view.restarts === 1 && view.state === "up");
  expect(after.pid).not.toBe(before.pid);
  expect(after.last_exit).toMatchObject({ code: null, signal: "SIGKILL", reason: "killed by SIGKILL" });
});
