import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { program } from "./definitions.ts";
import { RunningCommand } from "./running-command.ts";
import { TestPlace, TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

/** In milliseconds; the start of a supervisor takes about as long. */
const SPAN = 60;
const ROUNDS = 24;
/** With a terminal, SIGHUP would mean the end: it has none in a session of its own. */
const NO_TERMINAL = ["setsid", "--wait"];

test("a SIGTERM in the first moments of the foreground ends it in order, or ends it before there is anything to end", async () => {
  using place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]), "other.toml": program(["sleep", "1000"]) });
  for (let round = 0; round < ROUNDS; round++) {
    await using command = new RunningCommand(place.startWords({ foreground: true }));
    await Bun.sleep((round * SPAN) / ROUNDS); // a moment like any other: all of them are the subject
    command.kill("SIGTERM");
    const ending = await command.ended;
    if (ending.signal === null) {
      expect(ending.code).toBe(0);
    } else {
      // The launcher itself, in which there is nothing yet: it has no pid file and no services.
      expect({ signal: ending.signal, stdout: command.stdout }).toEqual({ signal: "SIGTERM", stdout: "" });
      expect(place.supervisorPid()).toBeNull();
    }
    expect(place.marked()).toEqual([]);
  }
  // One that was certainly late enough.
  await using last = new RunningCommand(place.startWords({ foreground: true }));
  await last.says("stdout", /is up/);
  last.kill("SIGTERM");
  expect(await last.ended).toEqual({ code: 0, signal: null });
  expect(place.marked()).toEqual([]);
});

test("a SIGHUP in the first moments of the foreground is a reload like any other, and never the end of what has begun", async () => {
  using place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
  for (let round = 0; round < ROUNDS; round++) {
    await using command = new RunningCommand(place.startWords({ foreground: true, wrapper: NO_TERMINAL }));
    await Bun.sleep((round * SPAN) / ROUNDS); // a moment like any other: all of them are the subject
    command.kill("SIGHUP");
    const isUp = await command.says("stdout", /is up/).then(
      () => true,
      () => false,
    );
    if (isUp) command.kill("SIGTERM");
    // Without a supervisor it was the launcher itself that ended, in which there is nothing yet.
    expect(await command.ended).toEqual(isUp ? { code: 0, signal: null } : { code: null, signal: "SIGHUP" });
    expect(place.supervisorPid()).toBeNull();
    expect(place.marked()).toEqual([]);
  }
});

test("a SIGTERM to a daemon that is still starting ends it in order, and its launcher says so", async () => {
  using place = new TestPlace({});
  // Enough of them that the start takes a while.
  for (let index = 0; index < 60; index++) place.write(`sleeper-${index}.toml`, program(["sleep", "1000"]));
  await using launcher = new RunningCommand(place.startWords());
  await untilTrue(() => existsSync(place.path("run", "supervisor.pid")) && place.supervisorPid() !== null);
  signalProcess(place.supervisorPid(), "SIGTERM");
  const ending = await launcher.ended;
  if (ending.code === 0) {
    // It was up already: then it ends like any other.
    await untilTrue(() => place.supervisorPid() === null);
  } else {
    expect(ending).toEqual({ code: 1, signal: null });
    expect(launcher.stderr).toContain("told to end");
  }
  expect(place.marked()).toEqual([]);
});

test("signals to a daemon in its first moments are kept until it can act on them", async () => {
  using place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
  await using launcher = new RunningCommand(place.startWords());
  await untilTrue(() => place.supervisorPid() !== null);
  const pid = place.supervisorPid() ?? 0;
  for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE"] as const) signalProcess(pid, signal);
  expect(await launcher.ended).toEqual({ code: 0, signal: null });
  // Refused while it starts; it may have been up already, and then another one takes its place.
  await place.logged(/cannot upgrade|upgraded from/);
  await using supervisor = await TestSupervisor.connect(place);
  expect(supervisor.pid).toBe(pid);
  expect(await supervisor.service("sleeper")).toMatchObject({ state: "up" });
});
