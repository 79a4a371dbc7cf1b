import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { HistoryLineView } from "../../src/core/history-view.ts";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import {
  BINARY,
  type TestPlace,
  TestPlace as Place,
  TestSupervisor,
  hasEnded,
  run,
  signalProcess,
  untilTrue,
} from "./test-supervisor.ts";

const isRoot = process.getuid?.() === 0;
const UNSHARE = ["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"]), "--mount"];
const canMount = Bun.spawnSync([...UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]).success;
const noDisk = skipReason("a full disk", [[canMount, "file systems cannot be mounted"]]) !== null;

const NEVER = '[restart]\npolicy = "never"';

async function listOf(supervisor: TestSupervisor, ...words: readonly string[]): Promise<readonly HistoryLineView[]> {
  const { code, stdout, stderr } = await supervisor.command("history", "--json", ...words);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as readonly HistoryLineView[];
}

/** Asks while no supervisor runs. */
async function leftBy(
  place: TestPlace,
): Promise<{ readonly lines: readonly HistoryLineView[]; readonly stderr: string }> {
  const words = [BINARY, "history", "--json", "--runtime-dir", place.runtime, "--state-dir", place.path("state")];
  const { stdout, stderr } = await run(words);
  return { lines: JSON.parse(stdout) as readonly HistoryLineView[], stderr };
}

test("the history outlives the supervisor, and is read where none is running", async () => {
  using place = new Place({
    "web.toml": shell("echo last words; exit 9", NEVER),
    "db.toml": program(["sleep", "1000"]),
  });
  {
    const first = await place.start();
    await first.until("web", ({ state }) => state === "failed");
    await first.command("shutdown");
    await first.gone();
  }
  expect(readdirSync(place.path("state"))).toEqual(["history.db"]);
  expect(statSync(place.path("state", "history.db")).mode & 0o777).toBe(0o600);
  const { lines, stderr } = await leftBy(place);
  expect(stderr).toBe("no supervisor is running: this is what the last one has left\n");
  const kinds = lines.map(({ service, kind }) => `${service} ${kind}`);
  expect(kinds[0]).toBe("null begin");
  expect(kinds.slice(-2)).toEqual(["db stop", "null over"]);
  const words = [BINARY, "history", "web", "last", "--runtime-dir", place.runtime, "--state-dir", place.path("state")];
  const report = await run(words);
  expect(report).toMatchObject({ code: 0, stdout: expect.stringContaining("last words") });
  const unknown = await run([BINARY, "history", "--runtime-dir", place.runtime]);
  expect(unknown).toMatchObject({ code: 7, stderr: expect.stringContaining("with --state-dir") });
  await using second = await place.start();
  await second.until("web", ({ state }) => state === "failed");
  expect((await listOf(second, "web")).map(({ run: number, kind }) => [number, kind])).toEqual([
    ...[
      [1, "start"],
      [1, "crash"],
    ],
    ...[
      [2, "start"],
      [2, "crash"],
    ],
  ] as [number, HistoryLineView["kind"]][]);
});

test("a supervisor that is killed at any moment leaves a sound file, and its successor goes on with it", async () => {
  const eager = '[restart]\ndelay = "10ms"\nmax_delay = "20ms"';
  using place = new Place({ "web.toml": shell("exit 1", eager), "db.toml": program(["sleep", "1000"]) });
  let main: number | null = null;
  for (let death = 0; death < 4; death++) {
    const supervisor = await place.start();
    await supervisor.until("web", ({ restarts }) => restarts >= 3 + death * 8);
    // What was asked for is written by then; what came since may be under way.
    await listOf(supervisor);
    await supervisor.until("web", ({ restarts }) => restarts >= 6 + death * 11);
    main = (await supervisor.service("db")).pid;
    supervisor.kill("SIGKILL");
    await supervisor.gone();
  }
  signalProcess(main, "SIGKILL");
  await untilTrue(() => main !== null && hasEnded(main));
  const db = new Database(place.path("state", "history.db"), { readonly: true });
  const check = db.prepare("PRAGMA integrity_check");
  expect(check.all()).toEqual([{ integrity_check: "ok" }]);
  check.finalize();
  db.close(true);
  await using last = await place.start();
  // It ran on over all deaths, as one run, until it ended while nobody was there.
  await last.until("db", ({ state, pid }) => state === "up" && pid !== main);
  const runs = (await listOf(last, "db")).filter(({ run: number }) => number !== null);
  expect(runs.map(({ run: number, kind, message }) => `${number} ${kind}: ${message}`)).toEqual([
    "1 start: with the supervisor",
    // Pid 1 may have reaped it before anybody asked how it ended.
    expect.stringMatching(/^1 crash: (killed by SIGKILL|ended with an unknown status)$/) as string,
    "2 start: restarted",
  ]);
  // Of those whose ends were told just before a death some may not have been written, but none is written twice.
  const many = (await listOf(last, "web", "-n", "1000")).filter(({ run: number }) => number !== null);
  const beginnings = many.filter(({ kind }) => kind === "start").map(({ run: number }) => number);
  const endings = many.filter(({ kind }) => kind !== "start").map(({ run: number }) => number);
  for (const numbers of [beginnings, endings]) expect(numbers).toEqual([...new Set(numbers)]);
  expect(endings.length).toBeGreaterThan(0);
});

test("a damaged file is put aside with a word, and a new one begins", async () => {
  using place = new Place({ "web.toml": shell("exit 9", NEVER) });
  mkdirSync(place.path("state"), { mode: 0o700 });
  writeFileSync(place.path("state", "history.db"), "this is no database ".repeat(500), { mode: 0o600 });
  await using supervisor = await place.start();
  await supervisor.until("web", ({ state }) => state === "failed");
  expect((await listOf(supervisor, "web")).map(({ kind }) => kind)).toEqual(["start", "crash"]);
  await untilTrue(() => place.ownLog().includes("it is no database; it is kept as"));
  expect(readdirSync(place.path("state")).filter((name) => name.startsWith("history.db.damaged-"))).toHaveLength(1);
});

test("where nothing can be written it is said once, all goes on, and nothing is lost when it can be again", async () => {
  using place = new Place({ "web.toml": shell("echo words; exit 9", NEVER) });
  mkdirSync(place.path("state"), { mode: 0o700 });
  const file = place.path("state", "history.db");
  mkdirSync(file);
  await using supervisor = await place.start();
  await supervisor.until("web", ({ state }) => state === "failed");
  const refused = await supervisor.command("history");
  expect(refused).toMatchObject({ code: 1, stderr: `cannot keep the history in "${file}": EISDIR\n` });
  await supervisor.command("history");
  await supervisor.command("restart", "web");
  rmSync(file, { recursive: true });
  const lines = await listOf(supervisor, "web");
  expect(lines.map(({ run: number, kind }) => `${number} ${kind}`)).toEqual([
    "1 start",
    "1 crash",
    "2 start",
    "2 crash",
  ]);
  await untilTrue(() => place.ownLog().includes("the history is kept again, nothing of it is lost"));
  expect(place.ownLog().split("cannot keep the history")).toHaveLength(2);
});

test.skipIf(noDisk)("a full disk is said once, and the history goes on when there is room", async () => {
  using place = new Place({ "web.toml": shell("echo words; exit 9", NEVER) });
  mkdirSync(place.path("state"), { mode: 0o700 });
  const state = place.path("state");
  const script = 'mount -t tmpfs -o size=128k,mode=700 none "$0" && head -c 131072 /dev/zero > "$0/filler"; exec "$@"';
  await using supervisor = await place.start({ wrapper: [...UNSHARE, "sh", "-c", script, state] });
  await supervisor.until("web", ({ state: now }) => now === "failed");
  const refused = await supervisor.command("history");
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(": the disk is full") });
  rmSync(`/proc/${supervisor.pid}/root${state}/filler`);
  expect((await listOf(supervisor, "web")).map(({ kind }) => kind)).toEqual(["start", "crash"]);
  await untilTrue(() => place.ownLog().includes("the history is kept again"));
  expect(place.ownLog().split("the disk is full")).toHaveLength(2);
});

test("no value of the environment and no secret is in the file", async () => {
  using place = new Place({});
  const [value, secret] = [`value-${crypto.randomUUID()}`, `secret-${crypto.randomUUID()}`];
  writeFileSync(place.path("secret"), `${secret}\n`, { mode: 0o600 });
  const more = `[environment]\nVISIBLE = "${value}"\nHIDDEN = { file = "${place.path("secret")}" }\n${NEVER}`;
  place.write("web.toml", shell('test -n "$VISIBLE$HIDDEN"; echo said; exit 9', more));
  const supervisor = await place.start();
  await supervisor.until("web", ({ last_exit: exit }) => exit !== null);
  expect(await listOf(supervisor, "web")).toHaveLength(2);
  await supervisor.command("shutdown");
  await supervisor.gone();
  const bytes = readFileSync(place.path("state", "history.db"));
  expect(bytes.includes("said")).toBe(true);
  expect([bytes.includes(value), bytes.includes(secret), bytes.includes(place.mark)]).toEqual([false, false, false]);
});

test("how much is kept is said in daemonsup.toml, and a reload changes it", async () => {
  const task = shell("echo words; exit $(($(date +%N | tail -c 3) % 90 + 5))", `type = "oneshot"\nstart = "manual"`);
  await using supervisor = await TestSupervisor.start({
    "task.toml": task,
    "daemonsup.toml": "[history]\nkeep = 3\nlines = 0",
  });
  for (let time = 0; time < 8; time++) await supervisor.command("start", "task");
  const numbers = new Set((await listOf(supervisor, "task")).map(({ run: number }) => number));
  expect([...numbers]).toEqual([6, 7, 8]);
  const report = JSON.parse((await supervisor.command("history", "task", "8", "--json")).stdout) as { lines: unknown };
  expect(report.lines).toBeNull();
  supervisor.place.write("daemonsup.toml", "[history]\nkeep = 100\nlines = 5");
  await supervisor.command("reload");
  for (let time = 0; time < 4; time++) await supervisor.command("start", "task");
  expect(new Set((await listOf(supervisor, "task")).map(({ run: number }) => number)).size).toBe(7);
  expect((await supervisor.command("history", "task", "last")).stdout).toContain("words");
});
