/* Commands of clients that are under way when the supervisor dies: they wait, and what they asked for is done once. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import type { VersionView } from "../../src/control/control-port.ts";
import { shell } from "./definitions.ts";
import { isStopped } from "./proc.ts";
import { connectionsTo } from "./socket-clients.ts";
import { TestPlace, type TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

/** Notes each of its runs, and takes a moment to stop. */
function noting(place: TestPlace, name = "web"): string {
  const script = `echo run >> ${place.path(`${name}.runs`)}; trap 'sleep 1; exit 0' TERM; while :; do sleep 0.05; done`;
  return shell(script, '[stop]\ntimeout = "30s"');
}

function runsOf(place: TestPlace, name = "web"): number {
  const path = place.path(`${name}.runs`);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").length : 0;
}

async function versionOf(supervisor: TestSupervisor): Promise<VersionView> {
  return (await (await supervisor.request("GET", "/v1/version")).json()) as VersionView;
}

test("a restart that is under way succeeds, and restarts once", async () => {
  using place = new TestPlace({});
  place.write("web.toml", noting(place));
  await using first = await place.start();
  await untilTrue(() => runsOf(place) === 1);
  const { pid } = await first.service("web");
  const restarted = first.command("restart", "web");
  await first.until("web", ({ state }) => state === "stopping");
  signalProcess(first.supervisorPid, "SIGKILL");
  expect(await restarted).toMatchObject({ code: 0, stderr: "" });
  await using second = await first.successor();
  const after = await second.service("web");
  expect([after.state, after.pid === pid]).toEqual(["up", false]);
  // It counts as up before it has said anything.
  await untilTrue(() => runsOf(place) > 1);
  expect([runsOf(place), (await second.service("web")).pid]).toEqual([2, after.pid]);
});

test("a command that comes while nobody answers waits", async () => {
  using place = new TestPlace({});
  place.write("web.toml", noting(place));
  await using first = await place.start();
  signalProcess(first.supervisorPid, "SIGKILL");
  const [status, stopped] = [await first.command("status", "web"), await first.command("stop", "web")];
  expect([status.code, stopped.code, stopped.stderr]).toEqual([0, 0, ""]);
  await using second = await first.successor();
  expect((await second.service("web")).state).toBe("down");
});

test("who connects while there is no supervisor waits in the socket, and is answered by the next one", async () => {
  using place = new TestPlace({ "web.toml": shell("sleep 1000") });
  await using first = await place.start();
  const { pid } = await first.until("web", ({ state }) => state === "up");
  signalProcess(first.pid, "SIGSTOP");
  signalProcess(first.supervisorPid, "SIGKILL");
  await untilTrue(() => hasEnded(first.supervisorPid));
  const unix = `${place.runtime}/control.sock`;
  const paths = ["/v1/services/web", "/v1/version", "/v1/services"];
  const asking = paths.map((path) => fetch(`http://daemonsup${path}`, { unix, keepalive: false }));
  await untilTrue(() => connectionsTo(unix) === paths.length);
  signalProcess(first.pid, "SIGCONT");
  const [web, version, services] = await Promise.all(asking.map(async (answer) => (await answer).json()));
  expect(web).toMatchObject({ name: "web", state: "up", pid });
  expect(services).toMatchObject([{ name: "web", state: "up", pid }]);
  await using second = await first.successor();
  expect(version).toMatchObject({ pid: second.supervisorPid });
});

test("many who waited take no numbers that the next supervisor needs for starting services quickly", async () => {
  using place = new TestPlace({ "web.toml": shell("sleep 1000") });
  await using first = await place.start();
  signalProcess(first.pid, "SIGSTOP");
  signalProcess(first.supervisorPid, "SIGKILL");
  await untilTrue(() => hasEnded(first.supervisorPid));
  const unix = `${place.runtime}/control.sock`;
  const waiting = await Promise.all(
    Array.from({ length: 100 }, () => Bun.connect({ unix, socket: { data: () => undefined } })),
  );
  signalProcess(first.pid, "SIGCONT");
  await using second = await first.successor();
  const numbers = readdirSync(`/proc/${second.supervisorPid}/fd`).map(Number);
  const isReserved = (number: number): boolean =>
    number < 64 && readlinkSync(`/proc/${second.supervisorPid}/fd/${number}`) === "/dev/null";
  expect(numbers.filter(isReserved).length).toBeGreaterThanOrEqual(32);
  for (const connection of waiting) connection.terminate();
});

test("a batch that is restarted when the supervisor dies is restarted once", async () => {
  using place = new TestPlace({});
  const names = ["a", "b", "c", "d"];
  for (const name of names) place.write(`${name}.toml`, noting(place, name));
  await using first = await place.start();
  await untilTrue(() => names.every((name) => runsOf(place, name) === 1));
  const restarted = first.command("restart", "*");
  await first.until("c", ({ state }) => state === "stopping");
  signalProcess(first.supervisorPid, "SIGKILL");
  expect(await restarted).toMatchObject({ code: 0, stderr: "" });
  // A service counts as up a moment before it has noted its run.
  await untilTrue(() => names.every((name) => runsOf(place, name) >= 2));
  expect(names.map((name) => runsOf(place, name))).toEqual([2, 2, 2, 2]);
});

test("a shutdown that is under way goes on, and is waited for", async () => {
  using place = new TestPlace({});
  place.write("web.toml", noting(place));
  await using first = await place.start();
  const shutdown = first.command("shutdown");
  await first.until("web", ({ state }) => state === "stopping");
  signalProcess(first.supervisorPid, "SIGKILL");
  expect(await shutdown).toEqual({ code: 0, stdout: "the supervisor is gone\n", stderr: "" });
  expect(place.marked()).toEqual([]);
  expect(place.ours()).toEqual([]);
});

test("what is asked of a supervisor that does not answer any more is done by the next one", async () => {
  using place = new TestPlace({});
  place.write("web.toml", shell('trap "" USR1; exec sleep 1000'));
  await using first = await place.start();
  // It takes what comes over the socket, and dies before it has read it.
  signalProcess(first.supervisorPid, "SIGSTOP");
  await untilTrue(() => isStopped(first.supervisorPid));
  const socket = `${place.runtime}/control.sock`;
  const before = connectionsTo(socket);
  place.write("new.toml", shell("exec sleep 1000"));
  const asked = [first.command("signal", "USR1", "web"), first.command("reload"), first.command("restart", "web")];
  await untilTrue(() => connectionsTo(socket) >= before + asked.length);
  signalProcess(first.supervisorPid, "SIGKILL");
  const answers = await Promise.all(asked);
  expect(answers.map(({ code, stderr }) => [code, stderr])).toEqual(asked.map(() => [0, ""]));
  await using second = await first.successor();
  expect((await second.service("new")).state).toBe("up");
});

test("the log says that a guardian has died, and who has taken its place", async () => {
  using place = new TestPlace({ "web.toml": shell("exec sleep 1000") });
  await using first = await place.start();
  signalProcess(first.pid, "SIGKILL");
  await using second = await first.successor();
  const [was, is] = [first.pid, first.supervisorPid];
  await untilTrue(() =>
    place.ownLog().includes(`the guardian (pid ${was}) has died; the supervisor (pid ${is}) has taken its place`),
  );
  expect(second.pid).toBe(is);
});

test("version and status say since when there has been a supervisor, and logs -b shows all that was said since", async () => {
  using place = new TestPlace({});
  place.write("web.toml", shell("echo early; exec sleep 1000"));
  await using first = await place.start();
  await first.line("web", (text) => text === "early");
  const was = await versionOf(first);
  expect(was).toMatchObject({ generation: 1, replacements: 0, daemon_since: was.since });
  signalProcess(first.supervisorPid, "SIGKILL");
  const second = await first.successor();
  signalProcess(second.supervisorPid, "SIGKILL");
  await using third = await second.successor();
  const is = await versionOf(third);
  expect(is).toMatchObject({ generation: 3, replacements: 2, daemon_since: was.since });
  expect(is.since).not.toBe(was.since);
  const words = /started (now|\S+ ago), replaced 2 times, last (now|\S+ ago)/;
  expect((await third.command("version")).stdout).toMatch(words);
  expect((await third.command("status")).stdout).toMatch(words);
  expect((await third.command("logs", "-b", "web")).stdout).toContain("early");
  await third.command("shutdown");
  await first.gone();
  await using fourth = await place.start();
  expect(await versionOf(fourth)).toMatchObject({ generation: 4, replacements: 0 });
});

test("who goes on after an event of a supervisor that is gone is told so, and given no other event for it", async () => {
  using place = new TestPlace({});
  place.write("web.toml", noting(place));
  await using first = await place.start();
  await first.command("restart", "web");
  const { number } = await first.event(({ event }) => event === "state");
  signalProcess(first.supervisorPid, "SIGKILL");
  await using second = await first.successor();
  await second.command("restart", "web");
  expect((await second.request("GET", `/v1/events?after=${number}`)).status).toBe(410);
});
