/* What accompanies services over the death of the supervisor, and of its guardian with it. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { shell } from "./definitions.ts";
import { needsNotifier, notifierWords } from "./notifier.ts";
import { TestPlace, TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

/** Kills the supervisor alone; its guardian starts another one. */
async function replace(supervisor: TestSupervisor): Promise<TestSupervisor> {
  signalProcess(supervisor.supervisorPid, "SIGKILL");
  return await supervisor.successor();
}

/** Kills both, and starts a supervisor anew. */
async function startAgain(supervisor: TestSupervisor): Promise<TestSupervisor> {
  supervisor.kill("SIGKILL");
  await supervisor.gone();
  return await supervisor.place.start();
}

const WAYS = [
  ["the supervisor", replace],
  ["both", startAgain],
] as const;

function linesOf(place: TestPlace, ...parts: readonly string[]): readonly string[] {
  const path = place.path(...parts);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}

/** A hook that notes its beginning and its end, and ends once there is the file "go". */
function slowHook(place: TestPlace, name: string): string {
  const [log, go] = [place.path("hook"), place.path("go")];
  const script = `echo ${name} begins >> ${log}; while ! [ -e ${go} ]; do sleep 0.02; done; echo ${name} ends >> ${log}`;
  return `${name} = { command = ${JSON.stringify(["sh", "-c", script])}, timeout = "60s" }`;
}

describe.each(WAYS)("where %s is killed", (_who, succeed) => {
  test.each(["before_start", "after_start"])("a %s hook that is at work goes on, and is run once", async (name) => {
    using place = new TestPlace({});
    place.write("web.toml", shell("exec sleep 1000", `start = "manual"\n[hooks]\n${slowHook(place, name)}`));
    await using first = await place.start();
    await first.command("start", "--no-wait", "web");
    await untilTrue(() => linesOf(place, "hook").length === 1);
    const before = await first.service("web");
    await using second = await succeed(first);
    writeFileSync(place.path("go"), "");
    const view = await second.until("web", ({ state }) => state === "up");
    // How a hook ended that nobody could wait for is not known: one before the start is run again.
    const isAgain = succeed === startAgain && name === "before_start";
    const once = [`${name} begins`, `${name} ends`];
    expect(linesOf(place, "hook")).toEqual(isAgain ? [...once, ...once] : once);
    if (name === "after_start") expect(view.pid).toBe(before.pid);
    expect(view.restarts).toBe(0);
  });

  test("a service that says that it is ready to nobody is up", async () => {
    using place = new TestPlace({});
    const go = place.path("go");
    const script = `while ! [ -e ${go} ]; do sleep 0.02; done; echo >&5; exec sleep 1000`;
    place.write("web.toml", shell(script, 'start = "manual"\n[ready]\nfd = 5\ntimeout = "60s"'));
    await using first = await place.start();
    await first.command("start", "--no-wait", "web");
    const { pid } = await first.until("web", ({ state }) => state === "starting");
    signalProcess(first.supervisorPid, "SIGSTOP");
    writeFileSync(go, "");
    await untilTrue(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep"));
    await using second = await succeed(first);
    expect(await second.until("web", ({ state }) => state === "up")).toMatchObject({ pid, restarts: 0 });
  });

  test.skipIf(needsNotifier)("a service goes on to be heard", async () => {
    using place = new TestPlace({});
    const go = place.path("go");
    const say = (what: string): string => notifierWords(`say=${what}`);
    const script = `${say("READY=1")}; while ! [ -e ${go} ]; do sleep 0.02; done; ${say("STATUS=still here")}; exec sleep 1000`;
    place.write("web.toml", shell(script, 'start = "manual"\nnotify_access = "all"\n[ready]\nnotify = true'));
    await using first = await place.start();
    await first.command("start", "--no-wait", "web");
    const { pid } = await first.until("web", ({ state }) => state === "up");
    await using second = await succeed(first);
    writeFileSync(go, "");
    expect(await second.until("web", ({ status }) => status === "still here")).toMatchObject({ pid });
  });

  test("the history has each run once, and its end in the row of its beginning", async () => {
    await using first = await TestSupervisor.start({ "web.toml": shell("exec sleep 1000") });
    const { pid } = await first.until("web", ({ state }) => state === "up");
    await using second = await succeed(first);
    signalProcess(pid, "SIGKILL");
    await second.until("web", ({ restarts, state }) => restarts === 1 && state === "up");
    const runs = (await (await second.request("GET", "/v1/services/web/runs")).json()) as readonly {
      readonly pid: number;
      readonly cause: string | null;
    }[];
    expect(runs.filter((run) => run.pid === pid)).toHaveLength(1);
    expect(runs.map(({ cause }) => cause).filter((cause) => cause === "lost")).toEqual([]);
  });
});
