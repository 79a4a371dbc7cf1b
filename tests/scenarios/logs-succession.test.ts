/* Every line is in the log once, whichever of our processes are killed while it is written. */
import { expect, test } from "bun:test";
import { readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { shell } from "./definitions.ts";
import { needsRoot } from "./ordinary-user.ts";
import { TestPlace, TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

const KILLS = 20;
const LOG = '[log]\nstamp = "none"\nmax_size = "1GiB"\n[stop]\nsignal = "TERM"';
/**
 * Numbered lines, behind the number of the process; the one that is underway is still said when it is to end. In bursts: who writes
 * without end takes the processor from those that are to be started. The shells do not tell how their children ended.
 */
const FAST = `trap 'over=1' TERM; i=0; while [ -z "$over" ]; do i=$((i + 1)); echo $$ $i; [ $((i % 2000)) -ne 0 ] || { sleep 0.01; } 2>/dev/null; done`;
/** The same, in two writes each. */
const SLOW = `exec 2>/dev/null; trap 'over=1' TERM; i=0; while [ -z "$over" ]; do i=$((i + 1)); printf "$$ "; sleep 0.003; echo $i; done`;

const FILES = { "fast.toml": shell(FAST, LOG), "slow.toml": shell(SLOW, LOG) };

function sizeOf(place: TestPlace, service: string): number {
  return statSync(place.path("log", `${service}.log`), { throwIfNoEntry: false })?.size ?? 0;
}

/** Waits until both services have said more than they had. */
async function untilMore(place: TestPlace): Promise<void> {
  for (const service of ["fast", "slow"]) {
    const before = sizeOf(place, service);
    await untilTrue(() => sizeOf(place, service) > before);
  }
}

/** One process has counted up from 1 and left out nothing. */
function expectEveryNumberOnce(place: TestPlace, service: string): void {
  const lines = readFileSync(place.path("log", `${service}.log`), "utf8")
    .split("\n")
    .slice(0, -1);
  const runs = Map.groupBy(lines, (line) => line.split(" ")[0]);
  expect(runs.size).toBe(1);
  for (const [pid, said] of runs) {
    const wrong = said.findIndex((line, index) => line !== `${pid} ${index + 1}`);
    expect({ service, around: wrong < 0 ? [] : said.slice(wrong - 2, wrong + 3) }).toEqual({ service, around: [] });
  }
}

async function expectAllInLog(last: TestSupervisor): Promise<void> {
  await untilMore(last.place);
  expect((await last.command("stop", "fast", "slow")).code).toBe(0);
  for (const service of ["fast", "slow"]) expectEveryNumberOnce(last.place, service);
}

test("of the supervisor", async () => {
  await using first = await TestSupervisor.start(FILES);
  let last = first;
  for (let kill = 0; kill < KILLS; kill++) {
    await untilMore(first.place);
    signalProcess(last.supervisorPid, "SIGKILL");
    last = await last.successor();
  }
  await expectAllInLog(last);
}, 60_000);

test("of the supervisor, where somebody has removed the files that a successor goes by", async () => {
  await using first = await TestSupervisor.start(FILES);
  let last = first;
  for (let kill = 0; kill < 3; kill++) {
    await untilMore(first.place);
    for (const name of ["state", "records", "configuration", "pipes"])
      rmSync(first.place.path("run", name), { recursive: true, force: true });
    signalProcess(last.supervisorPid, "SIGKILL");
    last = await last.successor();
  }
  await first.place.logged(`"${first.place.path("run", "state")}" has been removed`);
  await expectAllInLog(last);
}, 60_000);

test("of a supervisor that ends in order, which leaves none of the pipes that it had", async () => {
  await using supervisor = await TestSupervisor.start(FILES);
  await untilMore(supervisor.place);
  const pipes = (): readonly string[] =>
    readdirSync(supervisor.place.path("run", "pipes")).filter((name) => /^\d+$/.test(name));
  expect(pipes().length).toBeGreaterThanOrEqual(4);
  expect((await supervisor.command("shutdown")).code).toBe(0);
  expect(pipes()).toEqual([]);
  for (const service of ["fast", "slow"]) expectEveryNumberOnce(supervisor.place, service);
});

test("of the supervisor at the moment at which it has started a service that soon ends", async () => {
  const text = "kill -KILL $PPID; seq 1000";
  await using first = await TestSupervisor.start({
    "short.toml": shell(text, 'type = "oneshot"\nstart = "manual"\n[log]\nstamp = "none"'),
  });
  // Whoever is asked dies of it.
  await first.request("POST", "/v1/services/short/start", { wait: false }).catch(() => undefined);
  const last = await first.successor();
  await last.until("short", ({ state }) => state === "done");
  await last.command("reload");
  expect(first.place.read("log", "short.log")).toBe(Array.from({ length: 1000 }, (_, at) => `${at + 1}\n`).join(""));
});

test("of the guardian and the supervisor", async () => {
  using place = new TestPlace(FILES);
  for (let kill = 0; kill < KILLS; kill++) {
    const supervisor = await place.start();
    await untilMore(place);
    supervisor.kill("SIGKILL");
    await supervisor.gone();
  }
  await using last = await place.start();
  await expectAllInLog(last);
}, 60_000);

test("of nobody: a service of another user opens its output again by name", async () => {
  if (needsRoot) return;
  const text = "echo out > /dev/stdout; echo errors > /dev/stderr";
  await using supervisor = await TestSupervisor.start({
    "named.toml": shell(text, 'type = "oneshot"\nuser = "nobody"'),
  });
  expect(await supervisor.lines("named", (texts) => texts.length >= 2)).toEqual(
    expect.arrayContaining(["out", "errors"]),
  );
});
