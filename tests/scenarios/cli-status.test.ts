import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import type { ServiceView } from "../../src/core/service-view.ts";
import { program, shell } from "./definitions.ts";
import { asOrdinaryUser, needsRoot } from "./ordinary-user.ts";
import { BINARY, TestPlace, TestSupervisor, run } from "./test-supervisor.ts";

/** DESIGN, section 9: the members of a service, none of them ever absent. */
const MEMBERS = [
  "name",
  "description",
  "type",
  "state",
  "want",
  "ready",
  "pid",
  "since",
  "uptime_ms",
  "restarts",
].concat(
  ["last_exit", "next_start", "status", "health", "health_detail", "health_output", "stale"],
  ["stale_detail", "well", "message"],
);
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let supervisor: TestSupervisor;

beforeAll(async () => {
  supervisor = await TestSupervisor.start({
    "up.toml": program(["sleep", "1000"], 'description = "Sleeps"'),
    "down.toml": program(["sleep", "1000"], 'start = "manual"'),
    "done.toml": shell("exit 0", 'type = "oneshot"'),
    "failed.toml": shell("exit 3", '[restart]\npolicy = "never"'),
    "backoff.toml": shell("kill -KILL $$", '[restart]\ndelay = "1h"\nmax_delay = "1h"'),
  });
  for (const name of ["up", "down", "done", "failed", "backoff"])
    await supervisor.until(name, (view) => view.state === name);
});

afterAll(async () => {
  await supervisor[Symbol.asyncDispose]();
});

test("status --json prints every service with every member, null where there is no value", async () => {
  const { code, stdout } = await supervisor.command("status", "--json");
  const views = JSON.parse(stdout) as ServiceView[];
  expect(code).toBe(3);
  expect(views.map((view) => view.name)).toEqual(["backoff", "done", "down", "failed", "up"]);
  for (const view of views) {
    expect(Object.keys(view)).toEqual(MEMBERS);
    expect(view.since).toMatch(ISO);
  }
  const [backoff, done, down, failed, up] = views;
  expect(up).toMatchObject({
    description: "Sleeps",
    type: "simple",
    want: "up",
    ready: true,
    pid: expect.any(Number),
    uptime_ms: expect.any(Number),
    restarts: 0,
    last_exit: null,
    next_start: null,
    status: null,
    health: null,
    health_detail: null,
    health_output: null,
    stale: false,
    message: null,
  });
  expect(down).toMatchObject({ want: "down", ready: false, pid: null, uptime_ms: null, last_exit: null });
  expect(done).toMatchObject({ type: "oneshot", ready: true, pid: null });
  expect(done?.last_exit).toEqual({ at: expect.stringMatching(ISO), code: 0, signal: null, reason: "exited 0" });
  expect(failed?.last_exit).toMatchObject({ code: 3, signal: null, reason: "exited 3" });
  expect(backoff?.last_exit).toMatchObject({ code: null, signal: "SIGKILL", reason: "killed by SIGKILL" });
  expect(backoff?.next_start).toMatch(ISO);
});

test("status shows a table, those in trouble first, with state, pid, restarts, last exit and next start", async () => {
  const { code, stdout } = await supervisor.command("status");
  const [head, ...lines] = stdout.trimEnd().split("\n");
  const [rows, foot] = [lines.slice(0, -2), lines.at(-1)];
  expect(code).toBe(3);
  expect(head?.trim().split(/  +/)).toEqual([
    "NAME",
    "STATE",
    "SINCE",
    "PID",
    "CPU",
    "MEMORY",
    "RESTARTS",
    "LAST EXIT",
    "MESSAGE",
  ]);
  expect(rows.map((row) => row.split(/ +/)[0])).toEqual(["failed", "backoff", "up", "done", "down"]);
  const { pid } = await supervisor.service("up");
  expect(rows[2]).toMatch(new RegExp(`^up +up +.*${pid} +[0-9.]+% +[0-9.]+[KM] +0 +-`));
  expect(rows[1]).toMatch(/killed by SIGKILL +starts in (59m|1h)/);
  expect(rows[0]).toContain("exited 3");
  expect(foot).toMatch(/^supervisor \d+\.\d+\.\d+: started (now|\S+ ago)$/);
  expect(stdout).not.toContain("\u001b");
});

test("status of one name shows everything about it in words", async () => {
  const { code, stdout } = await supervisor.command("status", "up");
  expect(code).toBe(0);
  expect(stdout).toStartWith("up - Sleeps\n");
  expect(stdout).toMatch(/\n {2}state +up since \d{4}-/);
});

const EXITS: readonly (readonly [words: string, code: number])[] = [
  ["up done", 0],
  ["up down", 3],
  ["d*", 3],
  ["u*", 0],
  ["nobody", 5],
  ["up nobody", 5],
  ["no*body", 5],
];

for (const [words, code] of EXITS) {
  test(`status ${words} exits ${code}`, async () => {
    expect((await supervisor.command("status", ...words.split(" "))).code).toBe(code);
  });
}

test("status without names exits 0 as soon as all that is wanted is up or done", async () => {
  await using fine = await TestSupervisor.start({
    "up.toml": program(["sleep", "1000"]),
    "down.toml": program(["sleep", "1000"], 'start = "manual"'),
  });
  await fine.until("up", (view) => view.state === "up");
  expect((await fine.command("status")).code).toBe(0);
});

test("a usage fault exits 2 with one line that says what is wrong and one that says how it is used", async () => {
  for (const words of [
    ["start"],
    ["status", "--jsno"],
    ["stat"],
    ["signal", "NOSUCH", "up"],
    ["stop", "--timeout=5", "up"],
  ]) {
    const { code, stdout, stderr } = await supervisor.command(...words);
    expect([words, code, stdout]).toEqual([words, 2, ""]);
    expect(stderr).toStartWith("cannot ");
    expect(stderr.split("\n").length).toBeLessThanOrEqual(3);
  }
  expect((await supervisor.command("status", "--jsno")).stderr).toContain('did you mean "--json"?');
  const alone = await supervisor.command();
  expect([alone.code, alone.stdout.startsWith("daemonsup")]).toEqual([2, true]);
});

test("--help and --version work everywhere", async () => {
  for (const words of [
    ["--help"],
    ["help"],
    ["status", "--help"],
    ["help", "status"],
    ["--version"],
    ["stop", "--version"],
  ]) {
    const { code, stdout, stderr } = await supervisor.command(...words);
    expect([words, code, stderr]).toEqual([words, 0, ""]);
    expect(stdout).not.toBe("");
  }
  expect((await supervisor.command("version")).stdout).toContain(`(pid ${supervisor.supervisorPid}, `);
  expect(JSON.parse((await supervisor.command("version", "--json")).stdout)).toMatchObject({
    supervisor: { pid: supervisor.supervisorPid, services: 5, config: supervisor.place.config },
  });
});

test.skipIf(needsRoot)("another user's commands are refused with 4", async () => {
  const { place } = supervisor;
  chmodSync(place.directory, 0o755);
  for (const command of [["status"], ["stop", "up"], ["reload"], ["shutdown"], ["logs", "up"], ["events"]]) {
    const { code, stderr } = await run(asOrdinaryUser([BINARY, ...command]), { DAEMONSUP_RUNTIME_DIR: place.runtime });
    expect([command, code]).toEqual([command, 4]);
    expect(stderr).toContain("permission denied");
  }
  expect((await supervisor.service("up")).state).toBe("up");
});

test("commands exit 7 where no supervisor runs, and version still tells its own", async () => {
  using place = new TestPlace({});
  const env = { DAEMONSUP_RUNTIME_DIR: place.runtime };
  for (const command of [
    ["status"],
    ["start", "web"],
    ["reload"],
    ["shutdown"],
    ["logs", "web"],
    ["events"],
    ["stop", "*"],
  ]) {
    const { code, stderr } = await run([BINARY, ...command], env);
    expect([command, code]).toEqual([command, 7]);
    expect(stderr).toContain("no supervisor is running there");
  }
  const version = await run([BINARY, "version"], env);
  expect([version.code, version.stdout]).toEqual([0, expect.stringContaining("no supervisor is running")]);
});
