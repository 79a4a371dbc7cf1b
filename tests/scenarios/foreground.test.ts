import { describe, expect, test } from "bun:test";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { factsOf } from "./process-facts.ts";
import { RunningCommand } from "./running-command.ts";
import { untilListening } from "./socket-clients.ts";
import { TestPlace, TestSupervisor } from "./test-supervisor.ts";

const noTerminal = skipReason("a terminal", [[Bun.which("script") !== null, 'no program "script"']]) !== null;
const SLEEP = program(["sleep", "1000"]);

describe("a supervisor in the foreground", () => {
  test("stays the process that was started, says one line, and ends with 0 when it is told to", async () => {
    using place = new TestPlace({ "sleeper.toml": SLEEP });
    await using command = new RunningCommand(place.startWords({ foreground: true }));
    await command.says("stdout", /is up.*\n/);
    await using supervisor = await TestSupervisor.connect(place);
    expect(supervisor.pid).toBe(command.pid);
    expect(command.stdout).toMatch(/^[^\n]+\n$/);
    expect(command.stdout).toContain(`pid ${command.pid}, 1 service`);
    const facts = factsOf(command.pid);
    const mine = factsOf(process.pid);
    expect([facts.parent, facts.session]).toEqual([process.pid, mine.session]);
    expect(await supervisor.service("sleeper")).toMatchObject({ state: "up" });
    command.kill("SIGTERM");
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(place.marked()).toEqual([]);
  });

  test("without a terminal reads again on SIGHUP", async () => {
    using place = new TestPlace({ "sleeper.toml": SLEEP });
    // A session of its own has no terminal.
    await using command = new RunningCommand(place.startWords({ foreground: true, wrapper: ["setsid", "--wait"] }));
    await command.says("stdout", /is up.*\n/);
    await using supervisor = await TestSupervisor.connect(place);
    place.write("added.toml", SLEEP);
    supervisor.kill("SIGHUP");
    await supervisor.event((event) => event.event === "reload");
    await supervisor.until("added", (view) => view.state === "up");
    supervisor.kill("SIGTERM");
    expect(await command.ended).toEqual({ code: 0, signal: null });
  });

  test.skipIf(noTerminal)("with a terminal ends in order on SIGHUP: the terminal is gone", async () => {
    using place = new TestPlace({ "sleeper.toml": SLEEP });
    await using terminal = inTerminal(place);
    await terminal.says("stdout", /is up/);
    await using supervisor = await TestSupervisor.connect(place);
    expect(factsOf(supervisor.pid).terminal).not.toBe(0);
    const { pid } = await supervisor.service("sleeper");
    expect(factsOf(pid ?? 0).terminal).toBe(0);
    supervisor.kill("SIGHUP");
    await supervisor.gone();
    expect((await terminal.ended).code).toBe(0);
    expect(place.marked()).toEqual([]);
    expect(supervisor.events.filter((event) => event.event === "reload")).toEqual([]);
  });

  test.skipIf(noTerminal)("ends in order when its terminal vanishes", async () => {
    using place = new TestPlace({ "sleeper.toml": SLEEP });
    await using terminal = inTerminal(place);
    await terminal.says("stdout", /is up/);
    await using supervisor = await TestSupervisor.connect(place);
    terminal.kill("SIGKILL");
    await supervisor.gone();
    expect(place.marked()).toEqual([]);
    expect(place.supervisorPid()).toBeNull();
  });

  for (const [title, script, code] of [
    ["the code of a critical service that ends", "exit 7", 7],
    ["0 when a critical service ends well", "exit 0", 0],
    ["128 and the number of the signal that killed a critical service", "kill -KILL $$", 137],
  ] as const) {
    test(`ends with ${title}, after it has stopped the rest`, async () => {
      using place = new TestPlace({
        "rest.toml": SLEEP,
        "critical.toml": shell(script, "critical = true"),
      });
      await using command = new RunningCommand(place.startWords({ foreground: true }));
      expect(await command.ended).toEqual({ code, signal: null });
      expect(place.marked()).toEqual([]);
      expect(place.supervisorPid()).toBeNull();
    });
  }

  test("writes its messages to its standard error and goes on when nobody reads them any more", async () => {
    using place = new TestPlace({ "sleeper.toml": SLEEP });
    const child = Bun.spawn([...place.startWords({ foreground: true })], { stdout: "ignore", stderr: "pipe" });
    const reader = child.stderr.getReader();
    await reader.read();
    await reader.cancel();
    await using supervisor = await connectWhenUp(place);
    for (let count = 0; count < 3; count++)
      expect(await supervisor.command("restart", "sleeper")).toMatchObject({ code: 0 });
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  });

  test("that cannot start says why and ends with the status of it", async () => {
    using place = new TestPlace({ "bad.toml": "command = 7\n" });
    const { code, stdout, stderr } = await place.launch({ foreground: true });
    expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
    expect(stderr).toContain("bad.toml:1:");
  });
});

async function connectWhenUp(place: TestPlace): Promise<TestSupervisor> {
  await untilListening(place.path("run", "control.sock"));
  return await TestSupervisor.connect(place);
}

/** Starts it in a terminal: script(1) makes one and runs the command as the leader of its session. */
function inTerminal(place: TestPlace): RunningCommand {
  const words = place
    .startWords({ foreground: true })
    .map((word) => `'${word}'`)
    .join(" ");
  return new RunningCommand(["script", "--quiet", "--return", "--command", `exec ${words}`, "/dev/null"]);
}
