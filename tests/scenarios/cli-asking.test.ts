import { expect, test } from "bun:test";
import { once } from "node:events";
import { renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { program, shell } from "./definitions.ts";
import { RunningCommand } from "./running-command.ts";
import { BINARY, TestPlace, TestSupervisor, hasEnded, run, signalProcess } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);
const MANUAL = program(["sleep", "1000"], 'start = "manual"');
/** Goes on when it is asked to end. */
const STUBBORN = shell('trap "" TERM; echo ready; exec sleep 1000', '[stop]\ntimeout = "1h"');

function begin(supervisor: TestSupervisor, ...words: readonly string[]): RunningCommand {
  return new RunningCommand([BINARY, ...words], { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime });
}

test("start, restart and stop wait until it has happened, and say what came of it", async () => {
  await using supervisor = await TestSupervisor.start({ "web.toml": MANUAL });
  const started = await supervisor.command("start", "web");
  const { pid } = await supervisor.service("web");
  expect(started).toEqual({ code: 0, stdout: `web: started (pid ${pid})\n`, stderr: "" });
  const again = await supervisor.command("start", "web");
  expect(again).toEqual({ code: 0, stdout: `web: up already (pid ${pid})\n`, stderr: "" });
  expect((await supervisor.service("web")).pid).toBe(pid);

  const restarted = await supervisor.command("restart", "web");
  const after = await supervisor.service("web");
  expect(after.pid).not.toBe(pid);
  expect(restarted.stdout).toBe(`web: restarted (pid ${after.pid})\n`);
  expect(hasEnded(pid ?? 0)).toBe(true);

  expect(await supervisor.command("stop", "web")).toEqual({ code: 0, stdout: "web: stopped\n", stderr: "" });
  expect(await supervisor.service("web")).toMatchObject({ state: "down", pid: null });
  expect(await supervisor.command("stop", "web")).toEqual({ code: 0, stdout: "web: down already\n", stderr: "" });
});

test("--json says the same as data, one object for each service", async () => {
  await using supervisor = await TestSupervisor.start({
    "a.toml": MANUAL,
    "b.toml": shell("exit 3", 'type = "oneshot"\nstart = "manual"'),
  });
  const { code, stdout } = await supervisor.command("start", "--json", "a", "b");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject([
    { name: "a", result: "done", message: null, service: { name: "a", state: "up" } },
    { name: "b", result: "failed", message: "exited 3", service: { state: "failed" } },
  ]);
});

test("a start that fails returns at once with the reason", async () => {
  await using supervisor = await TestSupervisor.start({
    "missing.toml": program(["no-such-program"], 'start = "manual"'),
    "ends.toml": shell(
      "exit 9",
      'type = "oneshot"\nstart = "manual"\n[restart]\npolicy = "on-failure"\ndelay = "1h"\nmax_delay = "1h"',
    ),
  });
  const missing = await supervisor.command("start", "missing");
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain('cannot start "missing": ');
  expect(missing.stderr).toContain("no-such-program");
  const ends = await supervisor.command("start", "ends");
  expect(ends).toEqual({ code: 1, stdout: "", stderr: 'cannot start "ends": exited 9; it will be tried again\n' });
});

test("--timeout ends the waiting with 124, what was asked for goes on; --no-wait does not wait at all", async () => {
  await using supervisor = await TestSupervisor.start({ "stubborn.toml": STUBBORN });
  await supervisor.line("stubborn", (text) => text === "ready");
  const { code, stderr } = await supervisor.command("stop", "--timeout", "50ms", "stubborn");
  expect([code, stderr]).toEqual([124, 'cannot stop "stubborn": not decided within 0.05s; it goes on\n']);
  const { pid } = await supervisor.until("stubborn", (view) => view.state === "stopping");
  const asked = await supervisor.command("stop", "--no-wait", "stubborn");
  expect([asked.code, asked.stdout]).toEqual([0, expect.stringContaining("stubborn: stop asked for")]);
  signalProcess(pid, "SIGKILL");
  await supervisor.until("stubborn", (view) => view.state === "down");
});

test("a request that is overtaken by another ends at once with 1", async () => {
  await using supervisor = await TestSupervisor.start({ "stubborn.toml": STUBBORN });
  await supervisor.line("stubborn", (text) => text === "ready");
  const { pid } = await supervisor.service("stubborn");
  await using restarting = begin(supervisor, "restart", "stubborn");
  await supervisor.until("stubborn", (view) => view.state === "stopping");
  await using stopping = begin(supervisor, "stop", "stubborn");
  expect((await restarting.ended).code).toBe(1);
  expect(restarting.stderr).toBe('cannot restart "stubborn": overtaken by stop\n');
  signalProcess(pid, "SIGKILL");
  expect((await stopping.ended).code).toBe(0);
  expect((await supervisor.service("stubborn")).state).toBe("down");
});

test("names may be globs; an unknown one ends with 5 while the others are acted on", async () => {
  await using supervisor = await TestSupervisor.start({
    "web-1.toml": SLEEPER,
    "web-2.toml": SLEEPER,
    "db.toml": SLEEPER,
  });
  const { code, stdout, stderr } = await supervisor.command("stop", "web-*", "bd", "none-*");
  expect(code).toBe(5);
  expect(stdout.trimEnd().split("\n").toSorted()).toEqual(["web-1: stopped", "web-2: stopped"]);
  expect(stderr).toContain('cannot stop "bd": no such service (did you mean "db"?)');
  expect(stderr).toContain('cannot stop "none-*": no service has such a name');
  expect((await supervisor.services()).map((view) => view.state)).toEqual(["up", "down", "down"]);
});

test("signal, reload of a service and reset do what they say", async () => {
  const script = `trap 'echo got HUP' HUP; trap 'echo got USR1' USR1; echo ready; while :; do sleep 1000 & wait; done`;
  await using supervisor = await TestSupervisor.start({
    "listens.toml": shell(script),
    "deaf.toml": SLEEPER,
    "failed.toml": shell("exit 3", '[restart]\npolicy = "never"'),
    "crash.toml": shell("exit 3", '[restart]\ndelay = "1h"'),
  });
  await supervisor.line("listens", (text) => text === "ready");
  expect((await supervisor.command("signal", "USR1", "listens")).code).toBe(0);
  await supervisor.line("listens", (text) => text === "got USR1");
  expect((await supervisor.command("reload", "listens")).code).toBe(0);
  await supervisor.line("listens", (text) => text === "got HUP");
  const deaf = await supervisor.command("reload", "deaf");
  expect([deaf.code, deaf.stderr]).toEqual([1, expect.stringContaining("SIGHUP is not caught")]);

  await supervisor.until("failed", (view) => view.state === "failed");
  expect((await supervisor.command("signal", "TERM", "failed")).stderr).toContain("it is not running (failed)");
  await supervisor.until("crash", (view) => view.state === "backoff");
  expect((await supervisor.command("signal", "HUP", "crash")).stderr).toContain("it is not running (backoff)");
  expect((await supervisor.command("reset", "failed")).code).toBe(0);
  expect(await supervisor.service("failed")).toMatchObject({ state: "down", want: "down" });
});

test("events shows what happens, as lines and as JSON", async () => {
  await using supervisor = await TestSupervisor.start({ "web.toml": MANUAL });
  await using words = begin(supervisor, "events");
  await using json = begin(supervisor, "events", "--json");
  // Nothing tells from outside when a stream is open: something happens until it is seen.
  while (words.stdout === "" || json.stdout === "") await supervisor.command("restart", "web");
  await words.says("stdout", /^\S+Z web: (starting -> )?.*up \(pid \d+\)/m);
  const line = (await json.says("stdout", /^(\{.*\})\n/m))[1] ?? "";
  expect(Object.keys(JSON.parse(line) as object)).toEqual([
    "number",
    "at",
    "service",
    "event",
    "state",
    "previous",
    "pid",
    "message",
  ]);
});

test("shutdown waits until the supervisor is gone; meanwhile nothing is started any more", async () => {
  await using supervisor = await TestSupervisor.start({ "stubborn.toml": STUBBORN });
  await supervisor.line("stubborn", (text) => text === "ready");
  const { pid } = await supervisor.service("stubborn");
  await using waiting = begin(supervisor, "shutdown");
  await supervisor.event((event) => event.event === "shutdown");
  const refused = await supervisor.command("start", "stubborn");
  expect([refused.code, refused.stderr]).toEqual([1, 'cannot start "stubborn": the supervisor is shutting down\n']);
  signalProcess(pid, "SIGKILL");
  expect((await waiting.ended).code).toBe(0);
  expect(hasEnded(supervisor.pid)).toBe(true);
  expect(waiting.stdout).toBe("the supervisor is gone\n");
});

test("shutdown --timeout gives up waiting with 124, and the shutdown goes on", async () => {
  await using supervisor = await TestSupervisor.start({ "stubborn.toml": STUBBORN });
  await supervisor.line("stubborn", (text) => text === "ready");
  const { pid } = await supervisor.service("stubborn");
  expect((await supervisor.command("shutdown", "--timeout", "50ms")).code).toBe(124);
  signalProcess(pid, "SIGKILL");
  await supervisor.gone();
});

test("a client that meets a supervisor as it is being replaced asks the new one", async () => {
  await using supervisor = await TestSupervisor.start({ "web.toml": SLEEPER });
  const socket = `${supervisor.place.runtime}/control.sock`;
  renameSync(socket, `${socket}.away`);
  // The old one: it takes the connection and is gone. Whoever comes next finds nothing for a while.
  const met = Promise.withResolvers<void>();
  const old = createServer((connection) => {
    rmSync(socket, { force: true });
    connection.destroy();
    met.resolve();
  }).listen(socket);
  await once(old, "listening");
  await using asking = begin(supervisor, "version", "--json");
  await met.promise;
  old.close();
  renameSync(`${socket}.away`, socket);
  expect((await asking.ended).code).toBe(0);
  expect(JSON.parse(asking.stdout)).toMatchObject({ supervisor: { pid: supervisor.supervisorPid } });
});

test("a locked pid file beside a socket that never answers is a supervisor that does not answer, exit 1", async () => {
  await using supervisor = await TestSupervisor.start({ "web.toml": SLEEPER });
  const socket = `${supervisor.place.runtime}/control.sock`;
  renameSync(socket, `${socket}.away`);
  const { code, stderr } = await supervisor.command("status");
  renameSync(`${socket}.away`, socket);
  expect([code, stderr]).toEqual([1, expect.stringContaining("a supervisor runs, but it does not answer")]);
});

test("the pid file of a dead supervisor means nothing", async () => {
  using place = new TestPlace({ "web.toml": SLEEPER });
  const supervisor = await place.start();
  supervisor.kill("SIGKILL");
  await supervisor.gone();
  const { code } = await run([BINARY, "status"], { DAEMONSUP_RUNTIME_DIR: place.runtime });
  expect(code).toBe(7);
});
