/* A bug of ours costs what it was about, never a service and never the supervisor: something throws once, here and there. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { ServiceView } from "../../src/core/service-view.ts";
import { program, shell } from "./definitions.ts";
import { type FailingMethods, FaultyBinary } from "./faulty-binary.ts";
import { TestPlace, type TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

const METHODS = {
  hangup: ["supervisor/reloader.ts", "Reloader", "askedBySignal"],
  signal: ["supervisor/supervisor.ts", "Supervisor", "endBySignal"],
  children: ["supervisor/belongings.ts", "Belongings", "serviceOfMain"],
  timer: ["core/fleet.ts", "Fleet", "expire"],
  settling: ["core/order.ts", "Order", "settle"],
  request: ["supervisor/operator.ts", "Operator", "services"],
  companion: ["supervisor/historian.ts", "Historian", "changed"],
  "began-companion": ["supervisor/historian.ts", "Historian", "began"],
  "equipping-companion": ["supervisor/listeners.ts", "Listeners", "equip"],
  narrating: ["supervisor/narrator.ts", "Narrator", "changed"],
  launch: ["supervisor/launcher.ts", "Launcher", "launch"],
  signalling: ["supervisor/belongings.ts", "Belongings", "signalAll"],
  answer: ["log/plane-lane.ts", "PlaneLane", "answer"],
} as const satisfies FailingMethods;

let binary: FaultyBinary;
let place: TestPlace;
let supervisor: TestSupervisor;
let calm: ServiceView;

beforeAll(async () => {
  binary = await FaultyBinary.build(METHODS);
  const socket = (path: string): string => `[sockets.one]\nlisten = "${path}"`;
  place = new TestPlace({
    "calm.toml": program(["sleep", "1000"]),
    "web.toml": shell(
      "echo begins; exec sleep 1000",
      '[restart]\ndelay = "20ms"\nmax_delay = "50ms"\n[stop]\ntimeout = "300ms"',
    ),
  });
  place.write(
    "listener.toml",
    program(["sleep", "1000"], `[restart]\ndelay = "20ms"\nmax_delay = "50ms"\n${socket(place.path("socket"))}`),
  );
  supervisor = await binary.start(place);
  calm = await supervisor.until("calm", ({ state }) => state === "up");
  for (const name of ["web", "listener"]) await supervisor.until(name, ({ state }) => state === "up");
}, 30_000);

afterAll(async () => {
  await supervisor?.[Symbol.asyncDispose]();
  place?.[Symbol.dispose]();
  binary?.[Symbol.dispose]();
});

/** It has failed and been told of, and whatever it was not about has not noticed. */
async function isSurvived(name: keyof typeof METHODS): Promise<void> {
  await binary.failed(name);
  await untilTrue(() => place.ownLog().includes(`made to fail: ${name}`));
  await place.logged("internal error");
  expect(await supervisor.service("calm")).toMatchObject({ state: "up", pid: calm.pid, restarts: 0 });
  expect(hasEnded(calm.pid ?? 0) || hasEnded(supervisor.pid)).toBe(false);
}

/** The service's process dies; waits until the next one is up. */
async function dieAndReturn(service: string): Promise<void> {
  const { pid } = await supervisor.until(service, ({ state }) => state === "up");
  signalProcess(pid, "SIGKILL");
  await supervisor.until(service, (view) => view.state === "up" && view.pid !== pid);
}

for (const name of ["children", "timer", "settling", "companion", "began-companion", "narrating"] as const) {
  test(`with a fault in "${name}" the end of a service is seen, and it runs again`, async () => {
    binary.ask(name);
    await dieAndReturn("web");
    await isSurvived(name);
    await dieAndReturn("web");
    await supervisor.line("web", (text) => text === "begins");
  });
}

test("with a fault in an answer of the log thread whoever has asked gets none, and the next one does", async () => {
  binary.ask("answer");
  // Not waited for: it is this answer that fails, or another one.
  void supervisor.request("GET", "/v1/services/web/logs").catch(() => null);
  await isSurvived("answer");
  await dieAndReturn("web");
  await supervisor.line("web", (text) => text === "begins");
});

test("with a fault in what a process is given it is tried again", async () => {
  binary.ask("equipping-companion");
  await dieAndReturn("listener");
  await isSurvived("equipping-companion");
});

test("with a fault in a request that one is answered with 500, and the next as ever", async () => {
  binary.ask("request");
  expect((await supervisor.request("GET", "/v1/services")).status).toBe(500);
  await isSurvived("request");
  expect((await supervisor.request("GET", "/v1/services")).status).toBe(200);
});

test("with a fault in the launch of a service that one has failed, says so, and can be started", async () => {
  binary.ask("launch");
  const { code, stderr } = await supervisor.command("restart", "web");
  expect([code, stderr.includes("internal error")]).toEqual([1, true]);
  await isSurvived("launch");
  expect((await supervisor.command("start", "web")).code).toBe(0);
});

test("with a fault in the signal to a service it is killed after its time", async () => {
  binary.ask("signalling");
  expect(await supervisor.command("stop", "web", "--timeout", "5s")).toMatchObject({ code: 0 });
  await isSurvived("signalling");
  expect((await supervisor.command("start", "web")).code).toBe(0);
});

test("with a fault in a reload the next one is carried out", async () => {
  binary.ask("hangup");
  supervisor.kill("SIGHUP");
  await isSurvived("hangup");
  place.write("added.toml", program(["sleep", "1000"]));
  supervisor.kill("SIGHUP");
  await supervisor.event(({ event, service, state }) => event === "state" && service === "added" && state === "up");
});

test("with a fault in the signal to end the next one ends it, in order", async () => {
  binary.ask("signal");
  supervisor.kill("SIGTERM");
  await isSurvived("signal");
  supervisor.kill("SIGTERM");
  await supervisor.gone();
  await place.logged("ends with status 0");
  expect(place.marked()).toEqual([]);
});
