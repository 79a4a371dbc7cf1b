/* How the main process is asked to end, and what happens if it does not. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { ServiceView } from "../../src/core/service-view.ts";
import { program, shell } from "./definitions.ts";
import { catches, ignores, isStopped, processesOf, variableOf } from "./proc.ts";
import { TestPlace, type TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

/** An argument of sleep that no other test uses. */
const HANGING = `1000.${crypto.getRandomValues(new Uint32Array(1))[0]}`;

let supervisor: TestSupervisor;

beforeAll(async () => {
  const place = new TestPlace({
    "obeys.toml": program(["sleep", "1000"]),
    "ignores.toml": shell("trap '' TERM; exec sleep 1000", '[stop]\ntimeout = "100ms"'),
    "stopped.toml": program(["sleep", "1000"]),
    "interrupted.toml": shell("trap 'kill $!; exit 7' INT; sleep 1000 & wait", '[stop]\nsignal = "SIGINT"'),
    "commanded.toml": shell(
      "trap 'exit 5' USR1; sleep 1000 & wait",
      '[stop]\ncommand = ["sh", "-c", "kill -USR1 $MAINPID"]',
    ),
    "command-fails.toml": program(["sleep", "1000"], '[stop]\ncommand = ["sh", "-c", "exit 3"]'),
    "command-vanishes.toml": program(["sleep", "1000"], '[stop]\ncommand = ["sh", "-c", "exec /no/such/program"]'),
    "command-hangs.toml": program(["sleep", "1000"], `[stop]\ncommand = ["sleep", "${HANGING}"]\ntimeout = "100ms"`),
    "command-idle.toml": program(["sleep", "1000"], '[stop]\ncommand = ["true"]\ntimeout = "100ms"'),
    "oneshot.toml": program(["sleep", "1000"], 'type = "oneshot"'),
  });
  place.write(
    "forking.toml",
    program(["sleep", "1000"], `type = "forking"\npid_file = "${place.path("forking.pid")}"`),
  );
  place.write(
    "unnamed.toml",
    shell("setsid sleep 1000 & exit 0", `type = "forking"\npid_file = "${place.path("unnamed.pid")}"`),
  );
  supervisor = await place.start();
});

afterAll(async () => {
  await supervisor?.[Symbol.asyncDispose]();
});

async function pidOf(service: string): Promise<number> {
  return (await supervisor.until(service, (view) => view.pid !== null)).pid ?? 0;
}

async function stop(service: string): Promise<ServiceView> {
  expect((await supervisor.command("stop", service)).stderr).toBe("");
  const view = await supervisor.service(service);
  expect(view).toMatchObject({ state: "down", want: "down", pid: null });
  return view;
}

test("a service that obeys SIGTERM is down when it has ended", async () => {
  const pid = await pidOf("obeys");
  const view = await stop("obeys");
  expect(view.last_exit).toMatchObject({ code: null, signal: "SIGTERM", reason: "killed by SIGTERM" });
  expect(supervisor.place.marked()).not.toContain(pid);
});

test("a service that ignores SIGTERM is killed after its timeout, and says so", async () => {
  const pid = await pidOf("ignores");
  await untilTrue(() => ignores(pid, "SIGTERM"));
  const view = await stop("ignores");
  expect(view.last_exit).toMatchObject({ signal: "SIGKILL", reason: "did not stop within 0.1s: killed by SIGKILL" });
});

test("a service that somebody has stopped is continued, so that it can end", async () => {
  const pid = await pidOf("stopped");
  signalProcess(pid, "SIGSTOP");
  await untilTrue(() => isStopped(pid));
  const view = await stop("stopped");
  expect(view.last_exit).toMatchObject({ signal: "SIGTERM" });
});

test("a service gets the signal that its definition names", async () => {
  const pid = await pidOf("interrupted");
  await untilTrue(() => catches(pid, "SIGINT"));
  expect((await stop("interrupted")).last_exit).toMatchObject({ code: 7 });
});

test("a stop command takes the place of the signal, and knows the main process", async () => {
  const pid = await pidOf("commanded");
  await untilTrue(() => catches(pid, "SIGUSR1"));
  expect((await stop("commanded")).last_exit).toMatchObject({ code: 5 });
});

test.each(["command-fails", "command-vanishes"])(
  "the signal follows a stop command that fails: %s",
  async (service) => {
    await pidOf(service);
    expect((await stop(service)).last_exit).toMatchObject({ signal: "SIGTERM", reason: "killed by SIGTERM" });
  },
);

test.each(["command-hangs", "command-idle"])(
  "a stop command that ends nothing is followed by SIGKILL: %s",
  async (service) => {
    await pidOf(service);
    expect((await stop(service)).last_exit).toMatchObject({ signal: "SIGKILL" });
  },
);

test("a stop command that hangs does not outlive the service that it was to stop", async () => {
  await untilTrue(() => processesOf("sleep", HANGING).length === 0);
});

test("a oneshot at work can be stopped", async () => {
  await supervisor.until("oneshot", (view) => view.state === "starting");
  expect((await stop("oneshot")).last_exit).toMatchObject({ signal: "SIGTERM" });
});

test("a forking service whose starter hangs can be stopped", async () => {
  const pid = (await supervisor.until("forking", (view) => view.state === "starting")).pid ?? 0;
  await stop("forking");
  expect(supervisor.place.marked()).not.toContain(pid);
});

test("a forking service that is waited for to name its main process can be stopped", async () => {
  await supervisor.until("unnamed", (view) => view.state === "starting" && view.pid === null);
  const left = (): readonly number[] =>
    supervisor.place.marked().filter((pid) => variableOf(pid, "DAEMONSUP_SERVICE") === "unnamed");
  await untilTrue(() => left().length === 1);
  await stop("unnamed");
  expect(left()).toEqual([]);
});
