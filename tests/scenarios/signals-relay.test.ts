import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { TestPlace, TestSupervisor } from "./test-supervisor.ts";

/** Says what it catches: HUP and USR1, and after TERM nothing more. */
const CATCHER =
  "trap 'echo HUP' HUP; trap 'echo USR1' USR1; trap 'echo TERM; exit 0' TERM; echo ready; sleep 1000 & while :; do wait; done";
/** A program that runs no trap and dies of whatever kills by default. */
const PLAIN = ["sleep", "1000"];

describe("a SIGHUP of the supervisor", () => {
  let supervisor: TestSupervisor;
  let place: TestPlace;

  beforeAll(async () => {
    place = new TestPlace({
      "catches.toml": shell(CATCHER),
      "does-not-catch.toml": program(PLAIN),
      "named.toml": program(PLAIN, '[reload]\nsignal = "SIGHUP"\n[restart]\npolicy = "never"'),
      "other-signal.toml": shell(CATCHER, '[reload]\nsignal = "SIGUSR1"'),
      "command.toml": program(PLAIN),
      "failing-command.toml": program(PLAIN, '[reload]\naction = "command"\ncommand = ["false"]'),
      "restarts.toml": program(PLAIN, '[reload]\naction = "restart"'),
      "nothing.toml": shell(CATCHER, '[reload]\naction = "none"'),
      "idle.toml": shell(CATCHER, 'start = "manual"'),
    });
    place.write(
      "command.toml",
      program(
        PLAIN,
        `[reload]\naction = "command"\ncommand = ["cp", "/dev/null", ${JSON.stringify(place.path("ran"))}]`,
      ),
    );
    supervisor = await place.start();
    for (const name of ["catches", "other-signal", "nothing"]) await supervisor.line(name, (text) => text === "ready");
  });

  afterAll(async () => {
    await supervisor?.[Symbol.asyncDispose]();
    place?.[Symbol.dispose]();
  });

  test("reaches what catches it exactly once a reload, and what does not catch it not at all", async () => {
    const before = await supervisor.service("does-not-catch");
    for (let round = 1; round <= 3; round++) {
      const passed = await hangUp(supervisor);
      expect(passed.get("does-not-catch")).toEqual([expect.stringContaining("not caught")]);
      await supervisor.lines("catches", (texts) => texts.filter((text) => text === "HUP").length === round);
    }
    expect(await supervisor.service("does-not-catch")).toMatchObject({ pid: before.pid, state: "up", restarts: 0 });
    await place.logged('"does-not-catch"');
    expect(await saidAtTheEnd(supervisor, "catches")).toEqual(["HUP", "HUP", "HUP"]);
  });

  test("sends the signal that a definition names, and only that", async () => {
    await hangUp(supervisor);
    const said = await saidAtTheEnd(supervisor, "other-signal");
    expect(said.length).toBeGreaterThan(0);
    expect(new Set(said)).toEqual(new Set(["USR1"]));
  });

  test("sends a signal that is written out regardless, also to what dies of it", async () => {
    await hangUp(supervisor);
    const view = await supervisor.until("named", (now) => now.last_exit !== null);
    expect(view.last_exit).toMatchObject({ signal: "SIGHUP" });
  });

  test("runs the command of [reload], and a command that fails does the service no harm", async () => {
    const before = await supervisor.services();
    rmSync(place.path("ran"), { force: true });
    const passed = await hangUp(supervisor);
    expect(existsSync(place.path("ran"))).toBe(true);
    expect(passed.get("command")?.at(-1)).toContain("succeeded");
    expect(passed.get("failing-command")?.at(-1)).toContain("exited 1");
    for (const name of ["command", "failing-command"])
      expect(await supervisor.service(name)).toMatchObject({
        pid: before.find((view) => view.name === name)?.pid ?? 0,
        state: "up",
      });
  });

  test('restarts what says action = "restart"', async () => {
    const before = await supervisor.until("restarts", (view) => view.state === "up");
    await hangUp(supervisor);
    const after = await supervisor.until("restarts", (view) => view.state === "up" && view.pid !== before.pid);
    expect(after.last_exit).toMatchObject({ signal: "SIGTERM" });
  });

  test('does nothing to what says action = "none", or is not running', async () => {
    const passed = await hangUp(supervisor);
    expect(passed.get("idle")).toBeUndefined();
    expect(await supervisor.service("idle")).toMatchObject({ pid: null, state: "down" });
    expect(await saidAtTheEnd(supervisor, "nothing")).toEqual([]);
  });
});

test("a service that ends when it is relayed to is not relayed to again until its [reload] is written", async () => {
  const ends = "trap 'exit 0' HUP; echo ready; sleep 1000 & wait";
  await using supervisor = await TestSupervisor.start({ "ends.toml": shell(ends, '[restart]\ndelay = "0ms"') });
  const ready = (count: number) => (texts: readonly string[]) =>
    texts.filter((text) => text === "ready").length >= count;
  await supervisor.lines("ends", ready(1));
  supervisor.kill("SIGHUP");
  await supervisor.lines("ends", ready(2));
  const after = await supervisor.until("ends", (view) => view.restarts === 1 && view.state === "up");
  expect(after.message).toContain("[reload]");

  expect((await supervisor.command("reload")).stdout).toContain("[reload]");
  expect(await supervisor.service("ends")).toMatchObject({ pid: after.pid, restarts: 1 });

  supervisor.place.write("ends.toml", shell(ends, '[restart]\ndelay = "0ms"\n[reload]\nsignal = "SIGHUP"'));
  expect((await supervisor.command("reload")).code).toBe(0);
  await supervisor.until("ends", (view) => view.restarts === 2);
});

/** Sends SIGHUP and waits until what can be waited for has been told of; returns what was told of each service. */
async function hangUp(supervisor: TestSupervisor): Promise<ReadonlyMap<string, readonly string[]>> {
  const from = supervisor.events.length;
  const told = (service: string): readonly string[] =>
    supervisor.events
      .slice(from)
      .filter((event) => event.event === "relay" && event.service === service)
      .map((event) => event.message ?? "");
  supervisor.kill("SIGHUP");
  const awaited = ["does-not-catch", "command", "failing-command"];
  await supervisor.event(() => awaited.every((name) => told(name).length > 0));
  const names = (await supervisor.services()).map((view) => view.name);
  return new Map(names.filter((name) => told(name).length > 0).map((name) => [name, told(name)]));
}

/** Stops the service; what it has said between its beginning and its end. */
async function saidAtTheEnd(supervisor: TestSupervisor, service: string): Promise<readonly string[]> {
  await supervisor.command("stop", service);
  const texts = await supervisor.lines(service, (lines) => lines.at(-1) === "TERM");
  return texts.slice(texts.indexOf("ready") + 1, -1);
}
