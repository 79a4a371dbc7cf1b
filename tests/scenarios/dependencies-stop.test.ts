/* Stops in the reverse order of starts. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { expectStory, storyOf } from "./gated-services.ts";
import { RunningCommand } from "./running-command.ts";
import { BINARY, TestPlace, type TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);
const CHAIN = ["web", "app", "db"] as const;

/** Ends only once the file is there. */
function reluctant(file: string, more = ""): string {
  const wait = `until [ -e "${file}" ]; do sleep 0.01; done`;
  return shell(`trap '${wait}; exit 0' TERM; echo set; while :; do sleep 0.01; done`, more);
}

/** web requires app requires db, all up; app ends only when the file "go" is there. */
async function chain(more: Readonly<Record<string, string>> = {}): Promise<TestSupervisor> {
  const place = new TestPlace({ "db.toml": SLEEPER, "web.toml": program(["sleep", "1000"], 'requires = ["app"]') });
  place.write("app.toml", reluctant(place.path("go"), 'requires = ["db"]'));
  for (const [name, text] of Object.entries(more)) place.write(name, text);
  const supervisor = await place.start();
  for (const name of CHAIN) await supervisor.until(name, (view) => view.state === "up");
  await supervisor.line("app", (text) => text === "set");
  return supervisor;
}

function command(supervisor: TestSupervisor, ...words: readonly string[]): RunningCommand {
  return new RunningCommand([BINARY, ...words], { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime });
}

describe("a stop", () => {
  test("has those that require the service stop first, and they start again by themselves with it", async () => {
    await using supervisor = await chain();
    await using stop = command(supervisor, "stop", "db");
    await supervisor.until("app", (view) => view.state === "stopping");
    const db = await supervisor.service("db");
    expect(db).toMatchObject({ state: "up", message: "waits until those that require it have stopped" });
    writeFileSync(supervisor.place.path("go"), "");
    expect(await stop.ended).toEqual({ code: 0, signal: null });
    await expectStory(supervisor, [
      "web stopping",
      "web waiting",
      "app stopping",
      "app waiting",
      "db stopping",
      "db down",
    ]);
    expect(await supervisor.service("app")).toMatchObject({ message: 'requires "db", which was stopped by hand' });
    expect(await supervisor.command("start", "db")).toMatchObject({ code: 0 });
    const web = await supervisor.until("web", (view) => view.state === "up");
    expect(web.restarts).toBe(0);
    await expectStory(supervisor, ["db up", "app up", "web up"]);
  });

  test("of all of them by hand leaves them down, in the order in which they need each other", async () => {
    await using supervisor = await chain();
    writeFileSync(supervisor.place.path("go"), "");
    expect(await supervisor.command("stop", "*")).toMatchObject({ code: 0 });
    await expectStory(supervisor, ["web stopping", "app stopping", "db stopping"]);
    expect(await supervisor.command("start", "db")).toMatchObject({ code: 0 });
    expect(await supervisor.service("web")).toMatchObject({ state: "down", want: "down" });
  });

  test("that waits for those that require it is over, with 1, as soon as one of them is started again", async () => {
    await using supervisor = await chain();
    const { pid } = await supervisor.service("db");
    await using stop = command(supervisor, "stop", "db");
    await supervisor.until("app", (view) => view.state === "stopping");
    await using start = command(supervisor, "start", "app");
    expect(await stop.ended).toEqual({ code: 1, signal: null });
    expect(stop.stderr).toContain('cannot stop "db": overtaken: another start needs it');
    writeFileSync(supervisor.place.path("go"), "");
    expect(await start.ended).toEqual({ code: 0, signal: null });
    expect(await supervisor.service("db")).toMatchObject({ state: "up", want: "up", pid });
  });

  test("that is held is taken back by a start, and nothing but what had to make way is restarted", async () => {
    await using supervisor = await chain();
    const pid = (await supervisor.service("db")).pid;
    await using stop = command(supervisor, "stop", "db");
    await supervisor.until("app", (view) => view.state === "stopping");
    await using start = command(supervisor, "start", "db");
    expect((await stop.ended).code).toBe(1);
    expect(stop.stderr).toContain("overtaken by start");
    writeFileSync(supervisor.place.path("go"), "");
    expect(await start.ended).toEqual({ code: 0, signal: null });
    await supervisor.until("web", (view) => view.state === "up" && view.restarts === 0);
    expect(await supervisor.service("db")).toMatchObject({ state: "up", pid, message: null });
  });
});

describe("a restart", () => {
  test("of a requirement goes down and up in order, and the command waits for it", async () => {
    await using supervisor = await chain();
    writeFileSync(supervisor.place.path("go"), "");
    expect(await supervisor.command("restart", "db")).toMatchObject({ code: 0 });
    await supervisor.until("web", (view) => view.state === "up");
    await expectStory(supervisor, ["web stopping", "app stopping", "db stopping", "db up", "app up", "web up"]);
  });

  test("of everything at once goes down and up in order, each service once", async () => {
    await using supervisor = await chain();
    writeFileSync(supervisor.place.path("go"), "");
    expect(await supervisor.command("restart", "*")).toMatchObject({ code: 0, stderr: "" });
    await expectStory(supervisor, ["web stopping", "app stopping", "db stopping", "db up", "app up", "web up"]);
  });

  test("of a requirement that a reload makes of it goes in the same order", async () => {
    await using supervisor = await chain({ "db.toml": program(["sleep", "1000"], '[reload]\naction = "restart"') });
    writeFileSync(supervisor.place.path("go"), "");
    expect(await supervisor.command("reload", "db")).toMatchObject({ code: 0 });
    await supervisor.until("web", (view) => view.state === "up");
    await expectStory(supervisor, ["web stopping", "app stopping", "db stopping"]);
  });
});

describe("a shutdown", () => {
  test("stops each service once those that require or follow it have ended", async () => {
    await using supervisor = await chain({
      "net.toml": program(["sleep", "1000"], 'before = ["db"]'),
      "cache.toml": program(["sleep", "1000"], 'wants = ["db"]'),
    });
    supervisor.kill("SIGTERM");
    await supervisor.until("app", (view) => view.state === "stopping");
    await supervisor.until("cache", (view) => view.state === "down");
    for (const name of ["db", "net"]) expect((await supervisor.service(name)).state).toBe("up");
    writeFileSync(supervisor.place.path("go"), "");
    await supervisor.gone();
    await expectStory(supervisor, [
      "web stopping",
      "web down",
      "app stopping",
      "app down",
      "db stopping",
      "db down",
      "net stopping",
    ]);
    expect(supervisor.place.marked()).toEqual([]);
  });

  test("comes to its end also where a requirement crashes before its turn and others are restarted with it", async () => {
    const place = new TestPlace({
      "db.toml": program(["sleep", "1000"], '[restart]\ndelay = "0ms"'),
      "app.toml": program(["sleep", "1000"], 'requires = [{ name = "db", restart_with = true }]'),
    });
    place.write("web.toml", reluctant(place.path("go"), 'requires = ["app"]'));
    await using supervisor = await place.start();
    for (const name of CHAIN) await supervisor.until(name, (view) => view.state === "up");
    await supervisor.line("web", (text) => text === "set");
    supervisor.kill("SIGTERM");
    await supervisor.until("web", (view) => view.state === "stopping");
    const since = supervisor.events.length;
    signalProcess((await supervisor.service("db")).pid, "SIGKILL");
    await supervisor.event(({ service, event }) => service === "db" && event === "exit");
    writeFileSync(place.path("go"), "");
    await supervisor.gone();
    expect(storyOf(supervisor, { services: ["db", "app"], states: ["starting"], since })).toEqual([]);
  });

  test("starts nothing any more: no handler of a failure, and nothing that a changed file would restart", async () => {
    const place = new TestPlace({ "alarm.toml": program(["sleep", "1000"], 'start = "manual"') });
    place.write("db.toml", program(["sleep", "1000"], '[hooks]\non_failure = { start = "alarm" }'));
    place.write("watching.toml", program(["sleep", "1000"], `[watch]\npaths = ["${place.config}"]\ndebounce = "10ms"`));
    place.write("app.toml", reluctant(place.path("go"), 'requires = ["db", "watching"]'));
    await using supervisor = await place.start();
    for (const name of ["app", "db", "watching"]) await supervisor.until(name, (view) => view.state === "up");
    await supervisor.line("app", (text) => text === "set");
    supervisor.kill("SIGTERM");
    await supervisor.until("app", (view) => view.state === "stopping");
    const since = supervisor.events.length;
    place.write("changed", "");
    signalProcess((await supervisor.service("db")).pid, "SIGKILL");
    await supervisor.event(({ service, event }) => service === "db" && event === "exit");
    await untilTrue(() => place.ownLog().includes("watching: "));
    writeFileSync(place.path("go"), "");
    await supervisor.gone();
    expect(storyOf(supervisor, { services: ["alarm", "watching", "db"], states: ["starting"], since })).toEqual([]);
    expect(place.marked()).toEqual([]);
  });
});
