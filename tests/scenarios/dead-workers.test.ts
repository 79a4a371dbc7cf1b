/* Each kind of Worker dies in the running supervisor: services go on, it is said, and another one does its work. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { ServiceView } from "../../src/core/service-view.ts";
import { program, shell } from "./definitions.ts";
import { FaultyBinary } from "./faulty-binary.ts";
import { TestPlace, type TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

const EAGER = '[restart]\ndelay = "20ms"\nmax_delay = "50ms"';

let binary: FaultyBinary;
let place: TestPlace;
let supervisor: TestSupervisor;
let calm: ServiceView;

beforeAll(async () => {
  binary = await FaultyBinary.build({});
  place = new TestPlace({
    "calm.toml": program(["sleep", "1000"]),
    "counting.toml": shell("i=0; while :; do echo $((i += 1)); sleep 0.002; done", '[log]\nstamp = "none"'),
    "rotating.toml": shell(
      `while :; do printf "%02000d\\n" 1; sleep 0.05; done`,
      '[log]\nmax_size = "4KiB"\nkeep = 5\ncompress = "gzip"',
    ),
    "talker.toml": shell(
      "i=0; while :; do echo $((i += 1)); sleep 0.01; done",
      '[log]\nto = ["service:logger"]\nstamp = "none"',
    ),
  });
  place.write("logger.toml", shell(`exec cat >> ${place.path("logged")}`));
  place.write("looked.toml", program(["sleep", "1000"], `${EAGER}\n[condition]\npath_exists = ["${place.directory}"]`));
  supervisor = await binary.start(place);
  for (const name of ["counting", "rotating", "talker", "logger", "looked"])
    await supervisor.until(name, ({ state }) => state === "up");
  calm = await supervisor.until("calm", ({ state }) => state === "up");
}, 30_000);

afterAll(async () => {
  await supervisor?.[Symbol.asyncDispose]();
  place?.[Symbol.dispose]();
  binary?.[Symbol.dispose]();
});

/** The next message of the Worker ends it; `happens` brings one about. */
async function dies(worker: string, happens: () => unknown): Promise<void> {
  binary.ask(worker);
  await happens();
  await binary.failed(worker);
  expect(await supervisor.service("calm")).toMatchObject({ state: "up", pid: calm.pid, restarts: 0 });
  expect(hasEnded(calm.pid ?? 0) || hasEnded(supervisor.pid)).toBe(false);
}

/** Waits until the supervisor's own log says so. */
async function isSaid(words: string | RegExp): Promise<void> {
  await untilTrue(() => place.ownLog().search(words) >= 0);
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

test("the Worker of the data plane: every line is written, once", async () => {
  const file = place.path("log", "counting.log");
  const count = (): number => textOf(file).split("\n").length;
  for (let death = 1; death <= 3; death++) {
    await dies("io-worker", () => supervisor.command("logs", "counting", "-n", "1"));
    await untilTrue(
      () => place.ownLog().split("the log Worker died: made to fail: io-worker; a new one goes on").length > death,
    );
    const before = count();
    await untilTrue(() => count() > before + 20);
  }
  const numbers = textOf(file).split("\n").slice(0, -1).map(Number);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});

test("the syslog Worker", async () => {
  await dies("syslog-worker", () => supervisor.command("restart", "looked"));
  await isSaid("the syslog Worker died: made to fail: syslog-worker; a new one goes on");
  await dies("syslog-worker", () => supervisor.command("restart", "looked"));
});

test("the relay Worker: what comes after reaches the logger", async () => {
  await dies("relay-worker", () => {});
  await isSaid("the log relay died: made to fail: relay-worker");
  const before = textOf(place.path("logged")).length;
  await untilTrue(() => textOf(place.path("logged")).length > before + 40);
});

test("a looking Worker: the start is tried again", async () => {
  const { pid } = await supervisor.service("looked");
  await dies("look-worker", () => signalProcess(pid, "SIGKILL"));
  await isSaid("the thread that looked has died");
  await supervisor.until("looked", (view) => view.state === "up" && view.pid !== pid);
});

test("the history Worker: nothing of it is lost", async () => {
  await dies("history-worker", () => supervisor.command("restart", "looked"));
  await isSaid("its thread died; trying again");
  await isSaid("the history is kept again");
  const { stdout } = await supervisor.command("history", "looked");
  expect(stdout).toContain("restart, by an operator");
});

test("a reading Worker: who asked is told, and the next is answered", async () => {
  await dies("read-worker", async () => {
    const { code, stdout, stderr } = await supervisor.command("logs", "counting", "--since", "1h");
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("cannot read further: the thread that reads has died");
  });
  expect((await supervisor.command("logs", "counting", "--since", "1h")).code).toBe(0);
});

test("the compressing Worker: files are compressed again later", async () => {
  await dies("compress-worker", () => {});
  await isSaid("cannot compress .*: its thread died; it is kept as it is");
  await isSaid("the rotated files of .* are compressed again");
});
