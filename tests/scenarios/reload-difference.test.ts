import { expect, test } from "bun:test";
import { chmodSync, existsSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);
/** Goes on when it is asked to end. */
const STUBBORN = 'trap "" TERM; echo waiting; exec sleep 1000';

interface Reloaded {
  readonly difference: Readonly<Record<"added" | "removed" | "changed" | "adjusted" | "unchanged", readonly string[]>>;
}

async function reload(supervisor: TestSupervisor, ...words: readonly string[]): Promise<Reloaded["difference"]> {
  const { code, stdout, stderr } = await supervisor.command("reload", "--json", ...words);
  if (code !== 0) throw new Error(`the reload failed (${code}): ${stderr}`);
  return (JSON.parse(stdout) as Reloaded).difference;
}

async function pidOf(supervisor: TestSupervisor, name: string): Promise<number> {
  return (await supervisor.until(name, (view) => view.state === "up")).pid ?? 0;
}

/** Four services, and files that add, remove, change and adjust one each. */
async function startFour(): Promise<TestSupervisor> {
  const names = ["removed", "changed", "adjusted", "unchanged"];
  const supervisor = await TestSupervisor.start(Object.fromEntries(names.map((name) => [`${name}.toml`, SLEEPER])));
  for (const name of names) await pidOf(supervisor, name);
  const { place } = supervisor;
  place.remove("removed.toml");
  place.write("added.toml", SLEEPER);
  place.write("changed.toml", program(["sleep", "2000"]));
  place.write("adjusted.toml", program(["sleep", "1000"], 'description = "new"\n[restart]\ndelay = "7s"'));
  return supervisor;
}

const WANTED = {
  added: ["added"],
  removed: ["removed"],
  changed: ["changed"],
  adjusted: ["adjusted"],
  unchanged: ["unchanged"],
};

test("a dry run tells what a reload would do, and does none of it", async () => {
  await using supervisor = await startFour();
  const before = await supervisor.services();
  expect(await reload(supervisor, "--dry-run")).toEqual(WANTED);
  const text = (await supervisor.command("reload", "--dry-run")).stdout;
  const pid = (name: string): number | null => before.find((view) => view.name === name)?.pid ?? null;
  expect(text.split("\n").slice(0, 5)).toEqual([
    "would reload: 1 added, 1 removed, 1 changed, 1 adjusted, 1 unchanged",
    "  added     added     would be started",
    `  adjusted  adjusted  would be changed in place and run on (pid ${pid("adjusted")}), and get SIGHUP if it catches that`,
    `  changed   changed   would be restarted (pid ${pid("changed")})`,
    `  removed   removed   would be stopped (pid ${pid("removed")})`,
  ]);
  const after = await supervisor.services();
  const essence = (views: typeof before): unknown => views.map((view) => ({ ...view, uptime_ms: null }));
  expect(essence(after)).toEqual(essence(before));
  expect(supervisor.events.filter((event) => event.event === "reload")).toEqual([]);
  expect(await reload(supervisor)).toEqual(WANTED);
});

test("a dry run leaves the supervisor's own settings alone", async () => {
  await using supervisor = await TestSupervisor.start({ "sleeper.toml": SLEEPER });
  await pidOf(supervisor, "sleeper");
  supervisor.place.write("daemonsup.toml", '[log]\nlevel = "emerg"\n');
  await reload(supervisor, "--dry-run");
  await supervisor.command("stop", "sleeper");
  supervisor.kill("SIGTERM");
  await supervisor.gone();
  expect(supervisor.place.ownLog()).toContain("sleeper: down");
});

test("a reload starts what is added, stops what is removed, restarts what has changed and adjusts the rest", async () => {
  await using supervisor = await startFour();
  const [removed, changed, adjusted, unchanged] = await Promise.all(
    ["removed", "changed", "adjusted", "unchanged"].map((name) => pidOf(supervisor, name)),
  );
  expect(await reload(supervisor)).toEqual(WANTED);
  await supervisor.event((event) => event.event === "removed" && event.service === "removed");
  expect(hasEnded(removed ?? 0)).toBe(true);
  expect(await pidOf(supervisor, "added")).toBeGreaterThan(0);
  const restarted = await supervisor.until("changed", (view) => view.state === "up" && view.pid !== changed);
  expect(restarted).toMatchObject({ restarts: 0, stale: false });
  expect(await supervisor.service("adjusted")).toMatchObject({ pid: adjusted, description: "new", stale: false });
  expect((await supervisor.service("unchanged")).pid).toBe(unchanged ?? 0);
  expect(await reload(supervisor)).toEqual({
    added: [],
    removed: [],
    changed: [],
    adjusted: [],
    unchanged: ["added", "adjusted", "changed", "unchanged"],
  });
});

test("a removed service is shown until nothing of it is left; its log stays", async () => {
  await using supervisor = await TestSupervisor.start({
    "stays.toml": SLEEPER,
    "leaves.toml": shell(STUBBORN, '[stop]\ntimeout = "1h"'),
  });
  await supervisor.line("leaves", (text) => text === "waiting");
  const pid = await pidOf(supervisor, "leaves");
  supervisor.place.remove("leaves.toml");
  expect((await reload(supervisor)).removed).toEqual(["leaves"]);
  const leaving = await supervisor.until("leaves", (view) => view.state === "stopping");
  expect(leaving.pid).toBe(pid);
  const refused = await supervisor.command("start", "leaves");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("its definition was removed");
  signalProcess(pid, "SIGKILL");
  await supervisor.event((event) => event.event === "removed");
  expect((await supervisor.services()).map((view) => view.name)).toEqual(["stays"]);
  expect((await supervisor.command("status", "leaves")).code).toBe(5);
  await untilTrue(() => supervisor.place.marked().length === 1);
  expect(supervisor.place.read("log", "leaves.log")).toContain("waiting");
});

test("a service whose file comes back while it is being stopped runs again under the new definition", async () => {
  await using supervisor = await TestSupervisor.start({
    "stays.toml": SLEEPER,
    "moved.toml": shell(STUBBORN, '[stop]\ntimeout = "1h"'),
  });
  await supervisor.line("moved", (text) => text === "waiting");
  const pid = await pidOf(supervisor, "moved");
  supervisor.place.remove("moved.toml");
  await reload(supervisor);
  await supervisor.until("moved", (view) => view.state === "stopping");
  supervisor.place.write("moved.toml", program(["sleep", "3000"]));
  expect((await reload(supervisor)).added).toEqual(["moved"]);
  signalProcess(pid, "SIGKILL");
  const again = await supervisor.until("moved", (view) => view.state === "up");
  expect(again.pid).not.toBe(pid);
});

test("a oneshot that is done and whose definition has changed is shown as stale, and not run again by itself", async () => {
  await using supervisor = await TestSupervisor.start({ "migrate.toml": shell("echo first", 'type = "oneshot"') });
  const before = await supervisor.until("migrate", (view) => view.state === "done");
  supervisor.place.write("migrate.toml", shell("echo second", 'type = "oneshot"'));
  expect((await reload(supervisor)).changed).toEqual(["migrate"]);
  const after = await supervisor.service("migrate");
  expect(after).toMatchObject({ state: "done", stale: true, since: before.since });
  expect(after.last_exit).toEqual(before.last_exit);
  expect((await supervisor.command("status")).stdout).toContain("stale");
  expect((await supervisor.command("start", "migrate")).code).toBe(0);
  expect(await supervisor.service("migrate")).toMatchObject({ state: "done", stale: false });
  expect(await supervisor.line("migrate", (text) => text === "second")).toBe("second");
});

test("a failed service whose definition was mended starts", async () => {
  const never = '[restart]\npolicy = "never"';
  await using supervisor = await TestSupervisor.start({
    "exits.toml": shell("exit 3", never),
    "missing.toml": program(["no-such-program"], never),
  });
  for (const name of ["exits", "missing"]) await supervisor.until(name, (view) => view.state === "failed");
  for (const name of ["exits", "missing"]) supervisor.place.write(`${name}.toml`, SLEEPER);
  expect((await reload(supervisor)).changed).toEqual(["exits", "missing"]);
  for (const name of ["exits", "missing"]) expect(await pidOf(supervisor, name)).toBeGreaterThan(0);
});

test("a service that a person has started stays up when its definition becomes auto, and starts when it was down", async () => {
  await using supervisor = await TestSupervisor.start({ "later.toml": program(["sleep", "1000"], 'start = "manual"') });
  expect((await supervisor.service("later")).state).toBe("down");
  supervisor.place.write("later.toml", SLEEPER);
  expect((await reload(supervisor)).adjusted).toEqual(["later"]);
  expect(await pidOf(supervisor, "later")).toBeGreaterThan(0);
});

const AWAY: Readonly<Record<string, (config: string) => void>> = {
  "is gone": (config) => renameSync(config, `${config}.away`),
  "is empty": (config) => {
    rmSync(`${config}/one.toml`);
    rmSync(`${config}/two.toml`);
  },
  "is a file": (config) => {
    renameSync(config, `${config}.away`);
    writeFileSync(config, "");
  },
  "is a link to nothing": (config) => {
    renameSync(config, `${config}.away`);
    symlinkSync("nothing", config);
  },
  "may be written by everybody (or cannot be read)": (config) =>
    chmodSync(config, process.getuid?.() === 0 ? 0o777 : 0),
};

for (const [how, spoil] of Object.entries(AWAY)) {
  test(`a directory that ${how} never means that everything was removed`, async () => {
    await using supervisor = await TestSupervisor.start({ "one.toml": SLEEPER, "two.toml": SLEEPER });
    const pids = [await pidOf(supervisor, "one"), await pidOf(supervisor, "two")];
    spoil(supervisor.place.config);
    const { code, stderr } = await supervisor.command("reload");
    expect(code).toBe(6);
    expect(stderr).toContain(`${supervisor.place.config}:1:1: cannot read`);
    supervisor.kill("SIGHUP");
    await supervisor.event((event) => event.event === "problem");
    expect([await pidOf(supervisor, "one"), await pidOf(supervisor, "two")]).toEqual(pids);
    if (existsSync(supervisor.place.config)) chmodSync(supervisor.place.config, 0o755);
  });
}

test("a hundred reloads at the same time all succeed, and disturb nobody", async () => {
  await using supervisor = await TestSupervisor.start({ "one.toml": SLEEPER, "two.toml": SLEEPER });
  const pid = await pidOf(supervisor, "one");
  await pidOf(supervisor, "two");
  supervisor.place.write("two.toml", program(["sleep", "2000"]));
  const asked = Array.from({ length: 100 }, async () => {
    const answer = await supervisor.request("POST", "/v1/reload", {});
    return (await answer.json()) as Reloaded;
  });
  const changes = (await Promise.all(asked)).map((answer) => answer.difference.changed.length);
  expect(changes.reduce((sum, count) => sum + count)).toBe(1);
  expect(await pidOf(supervisor, "one")).toBe(pid);
});

test("what runs is not stopped for a definition that cannot be started", async () => {
  await using supervisor = await TestSupervisor.start({
    "one.toml": SLEEPER,
    "idle.toml": program(["true"], 'type = "oneshot"'),
  });
  const pid = await pidOf(supervisor, "one");
  supervisor.place.write("one.toml", program(["/nonexistent/program"]));
  await reload(supervisor);
  expect(await supervisor.service("one")).toMatchObject({ state: "up", pid, stale: true });
  expect((await supervisor.service("one")).message).toContain("/nonexistent/program");

  supervisor.place.write("one.toml", program(["sleep", "2000"]));
  await reload(supervisor);
  await supervisor.until("one", (view) => view.state === "up" && view.pid !== pid && !view.stale);
});
