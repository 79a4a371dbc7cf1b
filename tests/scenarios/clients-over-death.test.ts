/* Commands of clients that are under way when the supervisor dies: they wait, and what they asked for is done once. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { shell } from "./definitions.ts";
import { TestPlace, signalProcess, untilTrue } from "./test-supervisor.ts";

/** Notes each of its runs, and takes a moment to stop. */
function noting(place: TestPlace): string {
  const script = `echo run >> ${place.path("runs")}; trap 'sleep 1; exit 0' TERM; while :; do sleep 0.05; done`;
  return shell(script, '[stop]\ntimeout = "30s"');
}

function runsOf(place: TestPlace): number {
  const path = place.path("runs");
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").length : 0;
}

test("a restart that is under way succeeds, and restarts once", async () => {
  using place = new TestPlace({});
  place.write("web.toml", noting(place));
  await using first = await place.start();
  await untilTrue(() => runsOf(place) === 1);
  const restarted = first.command("restart", "web");
  await first.until("web", ({ state }) => state === "stopping");
  signalProcess(first.supervisorPid, "SIGKILL");
  expect(await restarted).toMatchObject({ code: 0, stderr: "" });
  await using second = await first.successor();
  expect([runsOf(place), (await second.service("web")).state]).toEqual([2, "up"]);
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
