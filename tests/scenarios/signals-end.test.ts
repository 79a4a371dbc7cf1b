import { describe, expect, test } from "bun:test";
import { program, shell } from "./definitions.ts";
import { executes } from "./proc.ts";
import { TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

/** Ignores TERM. */
const STUBBORN = 'trap "" TERM; echo ready; while :; do sleep 1000 & wait; done';
const isReady = (text: string): boolean => text === "ready";
const stopsOf = (supervisor: TestSupervisor) =>
  supervisor.events.filter((event) => event.event === "state" && event.state === "down").map((event) => event.service);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} stops every service in its own way and then ends the supervisor`, async () => {
    await using supervisor = await TestSupervisor.start({
      "polite.toml": shell("trap 'echo bye; exit 0' TERM; echo ready; sleep 1000 & wait"),
      "other.toml": shell(
        "trap 'echo interrupted; exit 0' USR1; echo ready; sleep 1000 & wait",
        '[stop]\nsignal = "SIGUSR1"',
      ),
      "family.toml": shell("sleep 1000 & sleep 1000 & echo ready; wait"),
    });
    const { place } = supervisor;
    for (const name of ["polite", "other", "family"]) await supervisor.line(name, isReady);
    // Until its exec, a child of a shell has the shell's own handlers, which swallow the signal.
    await untilTrue(() => place.marked().filter((pid) => executes(pid, "sleep")).length === 4);
    supervisor.kill(signal);
    await supervisor.gone();
    expect(place.marked()).toEqual([]);
    expect(place.read("log", "polite.log")).toEndWith("bye\n");
    expect(place.read("log", "other.log")).toEndWith("interrupted\n");
    expect(supervisor.events.find((event) => event.event === "shutdown")?.message).toContain(signal);
    expect(new Set(stopsOf(supervisor))).toEqual(new Set(["family", "other", "polite"]));
    expect(place.supervisorPid()).toBeNull();
  });
}

test("SIGQUIT kills everything at once", async () => {
  await using supervisor = await TestSupervisor.start({
    "stubborn.toml": shell(STUBBORN, '[stop]\ntimeout = "1h"'),
    "polite.toml": shell("trap 'echo bye; exit 0' TERM; echo ready; sleep 1000 & wait"),
  });
  for (const name of ["polite", "stubborn"]) await supervisor.line(name, isReady);
  supervisor.kill("SIGQUIT");
  await supervisor.gone();
  expect(supervisor.place.marked()).toEqual([]);
  expect(supervisor.place.read("log", "polite.log")).not.toContain("bye");
});

test("SIGQUIT kills a hook of a service that has failed as well", async () => {
  const hook = 'hooks.on_failure = { command = ["sh", "-c", "echo alerting; exec sleep 1000"], timeout = "1h" }';
  await using supervisor = await TestSupervisor.start({
    "broken.toml": program(["false"], `${hook}\nrestart.policy = "never"`),
  });
  await supervisor.line("broken", (text) => text === "alerting");
  supervisor.kill("SIGQUIT");
  await supervisor.gone();
  expect(supervisor.place.marked()).toEqual([]);
});

test("a service that fails during the end starts no other one", async () => {
  await using supervisor = await TestSupervisor.start({
    "db.toml": program(["sleep", "1000"], 'hooks.on_failure = { start = "alert" }\nrestart.policy = "never"'),
    "app.toml": shell('trap "" TERM; echo ready; exec sleep 1000', 'requires = ["db"]\n[stop]\ntimeout = "1h"'),
    "alert.toml": program(["sleep", "1000"], 'start = "manual"'),
  });
  await supervisor.line("app", isReady);
  const [app, db] = [await supervisor.service("app"), await supervisor.service("db")];
  supervisor.kill("SIGTERM");
  await supervisor.event((event) => event.service === "app" && event.state === "stopping");
  signalProcess(db.pid, "SIGKILL");
  const failed = await supervisor.event((event) => event.service === "db" && event.state === "failed");
  expect(failed.message).toBe("killed by SIGKILL");
  signalProcess(app.pid, "SIGKILL");
  await supervisor.gone();
  expect(supervisor.place.marked()).toEqual([]);
});

describe("while a service takes its time to stop", () => {
  test("a second SIGTERM at once is an echo of the first, and one after 2 s forces the end", async () => {
    await using supervisor = await TestSupervisor.start({ "stubborn.toml": shell(STUBBORN, '[stop]\ntimeout = "1h"') });
    const { pid } = await supervisor.service("stubborn");
    await supervisor.line("stubborn", isReady);
    supervisor.kill("SIGTERM");
    const begun = await supervisor.event((event) => event.event === "shutdown");
    for (let count = 0; count < 10; count++) supervisor.kill("SIGTERM");
    // Whoever still answers after these has taken them.
    expect(await supervisor.service("stubborn")).toMatchObject({ state: "stopping", pid });
    await Bun.sleep(Math.max(0, Date.parse(begun.at) + 2_100 - Date.now())); // the two seconds are the subject
    expect(await supervisor.service("stubborn")).toMatchObject({ state: "stopping", pid });
    supervisor.kill("SIGTERM");
    await supervisor.gone();
    expect(supervisor.place.marked()).toEqual([]);
    expect(supervisor.events.find((event) => event.event === "exit")?.message).toContain("SIGKILL");
  });

  test("SIGHUP, SIGUSR1 and SIGUSR2 do no harm, and no definition is read again", async () => {
    await using supervisor = await TestSupervisor.start({ "stubborn.toml": shell(STUBBORN, '[stop]\ntimeout = "1h"') });
    await supervisor.line("stubborn", isReady);
    supervisor.place.write("added.toml", program(["sleep", "1000"]));
    supervisor.kill("SIGTERM");
    await supervisor.event((event) => event.event === "shutdown");
    for (let count = 0; count < 20; count++) {
      supervisor.kill("SIGHUP");
      supervisor.kill("SIGUSR1");
      supervisor.kill("SIGUSR2");
    }
    const reply = await supervisor.command("reload");
    expect(reply.code).toBe(1);
    expect(reply.stderr).toContain("shutting down");
    expect((await supervisor.services()).map((view) => [view.name, view.state])).toEqual([["stubborn", "stopping"]]);
    supervisor.kill("SIGQUIT");
    await supervisor.gone();
    expect(supervisor.place.marked()).toEqual([]);
  });

  test("a start that is asked for is refused", async () => {
    await using supervisor = await TestSupervisor.start({
      "stubborn.toml": shell(STUBBORN, '[stop]\ntimeout = "1h"'),
      "idle.toml": program(["sleep", "1000"], 'start = "manual"'),
    });
    await supervisor.line("stubborn", isReady);
    supervisor.kill("SIGTERM");
    await supervisor.event((event) => event.event === "shutdown");
    const reply = await supervisor.command("start", "idle");
    expect(reply.code).toBe(1);
    expect(await supervisor.service("idle")).toMatchObject({ state: "down", pid: null });
  });
});

test("a service whose definition says so is killed once its stop timeout is over", async () => {
  await using supervisor = await TestSupervisor.start({
    "stubborn.toml": shell(STUBBORN, '[stop]\ntimeout = "100ms"'),
  });
  await supervisor.line("stubborn", isReady);
  supervisor.kill("SIGTERM");
  await supervisor.gone();
  expect(supervisor.place.marked()).toEqual([]);
  expect(supervisor.events.find((event) => event.event === "exit")?.message).toContain("did not stop within 0.1s");
});

test("the first SIGTERM kills nothing, whatever has begun the shutdown and however long ago", async () => {
  await using supervisor = await TestSupervisor.start({
    "stubborn.toml": shell(STUBBORN, '[stop]\ntimeout = "1h"'),
  });
  await supervisor.line("stubborn", isReady);
  const begun = performance.now();
  await supervisor.command("shutdown", "--no-wait");
  // The time after which a second signal forces is real time.
  await Bun.sleep(2_100 - (performance.now() - begun));
  supervisor.kill("SIGTERM");
  expect((await supervisor.command("shutdown", "--no-wait")).code).toBe(0);
  expect(await supervisor.service("stubborn")).toMatchObject({ state: "stopping" });
  expect(supervisor.events.filter((event) => event.event === "exit" && event.service === "stubborn")).toEqual([]);
});
