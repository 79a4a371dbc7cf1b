/*
 * A child can be held up between its birth and its program: by a file system that does not answer, or by its own user, who
 * stops it. It is got hold of by an exec that hangs on a lease (see the kit). Nobody else has to wait for it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readdirSync } from "node:fs";
import { type HangingFile, isRoot, makeHangingFile } from "../os/spawn-kit.ts";
import { program } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { cannotMoveClocks, startWithClock } from "./movable-clock.ts";
import { isStopped } from "./proc.ts";
import { statusLineOf } from "./process-facts.ts";
import { TestPlace, TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

/** What the supervisor promises to answer within, whatever hangs. */
const PROMISED_MS = 200;
/** The best of so many answers counts: of a machine that is busy with other things too, nothing is promised. */
const TRIES = 5;

const probe = makeHangingFile({ text: "" });
const cannotHang = skipReason("an exec that hangs", [[probe !== null, "no file system knows leases"]]) !== null;
probe?.[Symbol.dispose]();

const user = isRoot ? 'user = "nobody"\n' : "";

function hang(content: Parameters<typeof makeHangingFile>[0]): HangingFile {
  const file = makeHangingFile(content);
  if (file === null) throw new Error("no file system with leases");
  return file;
}

/** A service whose exec hangs; nobody waits for it when the supervisor starts. */
function hanging(file: HangingFile, ...words: readonly string[]): string {
  return program([file.path, ...words], `start = "manual"\n${user}[restart]\ndelay = "1h"`);
}

async function fastest(ask: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const began = performance.now();
    await ask();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

async function expectPrompt(supervisor: TestSupervisor): Promise<void> {
  expect(await fastest(() => supervisor.services())).toBeLessThan(PROMISED_MS);
  const restart = async (): Promise<void> => {
    const answer = await supervisor.request("POST", "/v1/services/neighbour/restart", {});
    expect(await answer.json()).toMatchObject({ result: "done" });
  };
  expect(await fastest(restart)).toBeLessThan(PROMISED_MS);
}

/** Asks for a start and waits until the exec is known to hang; returns the child. */
async function startHanging(supervisor: TestSupervisor, service: string): Promise<number> {
  await supervisor.request("POST", `/v1/services/${service}/start`, { wait: false });
  const view = await supervisor.until(service, ({ state, pid }) => state === "starting" && pid !== null);
  expect(view.message).toContain("has not returned yet");
  return view.pid ?? 0;
}

function descriptorsOf(supervisor: TestSupervisor): number {
  return readdirSync(`/proc/${supervisor.supervisorPid}/fd`).length;
}

describe.skipIf(cannotHang)("an exec that hangs", () => {
  let sleep: HangingFile;
  let garbage: HangingFile;
  let supervisor: TestSupervisor;

  beforeAll(async () => {
    sleep = hang({ copyOf: "/bin/sleep" });
    garbage = hang({ text: "\0no program" });
    supervisor = await TestSupervisor.start({
      "neighbour.toml": program(["sleep", "1000"]),
      "hanging.toml": hanging(sleep, "1000"),
      "garbage.toml": hanging(garbage),
      ...Object.fromEntries([1, 2, 3, 4, 5].map((number) => [`also-${number}.toml`, hanging(sleep, "1000")])),
    });
  });

  afterAll(async () => {
    await supervisor?.[Symbol.asyncDispose]();
    sleep[Symbol.dispose]();
    garbage[Symbol.dispose]();
  });

  test("keeps nobody waiting, and is waited for", async () => {
    const pid = await startHanging(supervisor, "hanging");
    await expectPrompt(supervisor);
    expect((await supervisor.service("hanging")).state).toBe("starting");
    expect(hasEnded(pid)).toBe(false);
  });

  test("keeps nobody waiting if there are several, either", async () => {
    for (const number of [1, 2, 3, 4, 5]) await startHanging(supervisor, `also-${number}`);
    await expectPrompt(supervisor);
  });

  test("can be called off", async () => {
    const { pid } = await supervisor.service("also-1");
    expect((await supervisor.command("stop", "also-1")).code).toBe(0);
    expect(await supervisor.service("also-1")).toMatchObject({ state: "down", pid: null });
    expect(hasEnded(pid ?? 0)).toBe(true);
  });

  test("is ended by SIGTERM to the child, which does not reach the supervisor", async () => {
    const { pid } = await supervisor.service("also-2");
    signalProcess(pid, "SIGTERM");
    const view = await supervisor.until("also-2", ({ state }) => state === "backoff");
    expect(view.last_exit).toMatchObject({ signal: "SIGTERM" });
    expect((await supervisor.service("neighbour")).state).toBe("up");
    expect(supervisor.events.some(({ event }) => event === "shutdown")).toBe(false);
  });

  test("of a child that its own user has stopped keeps nobody waiting, and goes on when it is continued", async () => {
    const { pid } = await supervisor.service("also-3");
    if (isRoot) await untilTrue(() => !statusLineOf(pid ?? 0, "Uid").startsWith("0\t"));
    signalProcess(pid, "SIGSTOP");
    await untilTrue(() => isStopped(pid ?? 0));
    await expectPrompt(supervisor);
    signalProcess(pid, "SIGCONT");
    sleep.release();
    for (const service of ["hanging", "also-3", "also-4", "also-5"])
      expect((await supervisor.until(service, ({ state }) => state === "up")).restarts).toBe(0);
    expect((await supervisor.service("also-3")).pid).toBe(pid);
  });

  test("that fails in the end tells why, and costs no descriptor of anybody else", async () => {
    const before = descriptorsOf(supervisor);
    await startHanging(supervisor, "garbage");
    garbage.release();
    const view = await supervisor.until("garbage", ({ state }) => state === "backoff");
    expect(view).toMatchObject({ pid: null, last_exit: null });
    expect(view.message).toContain(`exec failed: ENOEXEC: ${garbage.path}`);
    // Fewer, where the history was still open before, or the connection of an earlier request.
    await untilTrue(() => descriptorsOf(supervisor) <= before);
    await expectPrompt(supervisor);
  });
});

test.skipIf(cannotHang || cannotMoveClocks !== null)(
  "an exec that hangs for good is given up, and the child killed",
  async () => {
    using file = hang({ copyOf: "/bin/sleep" });
    const place = new TestPlace({ "hanging.toml": hanging(file, "1000").replace(user, "") });
    chmodSync(place.directory, 0o755);
    await using clocked = await startWithClock(place);
    const { supervisor, clock } = clocked;
    const pid = await startHanging(supervisor, "hanging");
    await clock.advance(6);
    const view = await supervisor.until("hanging", ({ state }) => state === "failed");
    expect(view.message).toContain("exec did not return within 5s");
    expect(view.last_exit).toMatchObject({ signal: "SIGKILL" });
    expect(hasEnded(pid)).toBe(true);
  },
);
