/* Delays of hours, seen in `next_start` and passed by moving the supervisor's clock. */
import { describe, expect, test } from "bun:test";
import type { ServiceView } from "../../src/core/service-view.ts";
import { program, shell } from "./definitions.ts";
import { cannotMoveClocks, startWithClock } from "./movable-clock.ts";
import { TestPlace, TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

/** `next_start` is worked out from the clock of the moment when it is asked for. */
const ROUNDING_S = 1;

function secondsUntilStart(view: ServiceView): number {
  return (Date.parse(view.next_start ?? "") - Date.parse(view.since)) / 1000;
}

/** Waits for backoff after the nth automatic restart; returns how long it lasts, in seconds. */
async function backoffOf(supervisor: TestSupervisor, service: string, restarts: number): Promise<number> {
  return secondsUntilStart(
    await supervisor.until(service, (view) => view.state === "backoff" && view.restarts === restarts),
  );
}

function expectDelay(actual: number, seconds: number): void {
  expect(actual).toBeGreaterThanOrEqual(seconds - ROUNDING_S);
  expect(actual).toBeLessThanOrEqual(seconds * 1.1 + ROUNDING_S);
}

describe.skipIf(cannotMoveClocks !== null)("a service that fails again and again", () => {
  test("waits twice as long each time, up to the longest delay, and never gives up", async () => {
    const place = new TestPlace({ "crash.toml": shell("exit 1", '[restart]\ndelay = "1000s"\nmax_delay = "6000s"') });
    await using clocked = await startWithClock(place);
    const { supervisor, clock } = clocked;
    const expected = [1000, 2000, 4000, 6000, 6000, 6000];
    for (const [restarts, seconds] of expected.entries()) {
      expectDelay(await backoffOf(supervisor, "crash", restarts), seconds);
      await clock.advance(7000);
    }
    await backoffOf(supervisor, "crash", expected.length);
  });

  test("waits the first delay again once it has run long enough", async () => {
    const place = new TestPlace({
      "moody.toml": program(
        ["sleep", "1000000"],
        '[restart]\ndelay = "1000s"\nmax_delay = "6000s"\nreset_after = "100s"',
      ),
    });
    await using clocked = await startWithClock(place);
    const { supervisor, clock } = clocked;
    // Some real time passes as well before each end.
    const lengths = [0, 0, 50, 101, 0];
    for (const [restarts, seconds] of [1000, 2000, 4000, 1000, 2000].entries()) {
      const running = await supervisor.until("moody", (view) => view.state === "up" && view.restarts === restarts);
      await clock.advance(lengths[restarts] ?? 0);
      signalProcess(running.pid, "SIGKILL");
      expectDelay(await backoffOf(supervisor, "moody", restarts), seconds);
      await clock.advance(7000);
    }
  });

  test("is given up at the limit, but only within its time", async () => {
    const place = new TestPlace({
      "crash.toml": shell("exit 9", '[restart]\ndelay = "1000s"\nlimit = { count = 2, within = "5000s" }'),
      "slow.toml": shell(
        "exit 9",
        '[restart]\ndelay = "1000s"\nmax_delay = "1000s"\nlimit = { count = 2, within = "500s" }',
      ),
    });
    await using clocked = await startWithClock(place);
    const { supervisor, clock } = clocked;
    for (const restarts of [0, 1]) {
      await backoffOf(supervisor, "crash", restarts);
      await backoffOf(supervisor, "slow", restarts);
      await clock.advance(2300);
    }
    const given = await supervisor.until("crash", (view) => view.state === "failed");
    expect(given).toMatchObject({ restarts: 2, next_start: null, last_exit: { code: 9 } });
    expect(given.message).toContain("given up");
    for (const restarts of [2, 3, 4]) {
      await backoffOf(supervisor, "slow", restarts);
      await clock.advance(2300);
    }
  });
});

const LIMITED = '[restart]\ndelay = "0ms"\nlimit = { count = 3, within = "1h" }';

test("a crash loop without delay ends in failed at its limit, and start and reset leave that", async () => {
  await using supervisor = await TestSupervisor.start({ "crash.toml": shell("echo run; exit 9", LIMITED) });
  const failed = (view: ServiceView): boolean => view.state === "failed";
  expect(await supervisor.until("crash", failed)).toMatchObject({ restarts: 3, pid: null, want: "up" });
  const exits = (): number => supervisor.events.filter(({ event }) => event === "exit").length;

  await supervisor.request("POST", "/v1/services/crash/reset", {});
  expect(await supervisor.service("crash")).toMatchObject({ state: "down", restarts: 0, message: null });
  // The answer to a request may be here before the events that led to it.
  await supervisor.event((event) => event.service === "crash" && event.state === "down");

  const before = exits();
  await supervisor.request("POST", "/v1/services/crash/start", { wait: false });
  await supervisor.until("crash", failed);
  await untilTrue(() => exits() - before >= 4);
  expect(exits() - before).toBe(4);
  await supervisor.request("POST", "/v1/services/crash/start", { wait: false });
  await supervisor.until("crash", failed);
  await untilTrue(() => exits() - before >= 8);
  expect(exits() - before).toBe(8);
});

test("a oneshot is run again as often as its limit says", async () => {
  const limited = `type = "oneshot"\n${LIMITED}\npolicy = "on-failure"`;
  await using supervisor = await TestSupervisor.start({ "once.toml": shell("exit 1", limited) });
  expect(await supervisor.until("once", (view) => view.state === "failed")).toMatchObject({ restarts: 3 });
});

test("a stop during the wait for a restart cancels it at once, and nothing starts it again", async () => {
  await using supervisor = await TestSupervisor.start({
    "crash.toml": shell("exit 1", '[restart]\ndelay = "1h"'),
  });
  await supervisor.until("crash", (view) => view.state === "backoff");
  expect((await supervisor.command("stop", "crash")).code).toBe(0);
  expect(await supervisor.service("crash")).toMatchObject({ state: "down", want: "down", next_start: null, pid: null });
});

test("a start during the wait for a restart waits no longer, and the restarts are counted anew", async () => {
  await using supervisor = await TestSupervisor.start({
    "crash.toml": shell("exit 1", '[restart]\npolicy = "on-failure"\ndelay = "1h"'),
  });
  const first = await supervisor.until("crash", (view) => view.state === "backoff");
  expect(await supervisor.command("start", "crash")).toEqual({
    code: 1,
    stdout: "",
    stderr: 'cannot start "crash": exited 1; it will be tried again\n',
  });
  const second = await supervisor.until(
    "crash",
    (view) => view.state === "backoff" && view.last_exit?.at !== first.last_exit?.at,
  );
  expect(second.restarts).toBe(0);
});
