import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { childrenOf, factsOf, signalsOf } from "./process-facts.ts";
import { TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

const SLEEPER = { "sleeper.toml": program(["sleep", "1000"]) };

function replaceByDirectory(run: string): void {
  rmSync(`${run}/control.sock`);
  mkdirSync(`${run}/control.sock`);
}

describe("a supervisor that is killed", () => {
  test("is followed by another one, under the same guardian, and what was wanted is remembered", async () => {
    await using first = await TestSupervisor.start({ ...SLEEPER, "other.toml": program(["sleep", "1000"]) });
    expect(factsOf(first.supervisorPid).parent).toBe(first.pid);
    expect((await first.command("stop", "other")).code).toBe(0);
    signalProcess(first.supervisorPid, "SIGKILL");
    await using next = await first.successor();
    expect(next.pid).toBe(first.pid);
    expect(factsOf(next.supervisorPid).parent).toBe(first.pid);
    await next.until("sleeper", ({ state }) => state === "up");
    expect(await next.service("other")).toMatchObject({ state: "down" });
    const told = `the supervisor has died (pid ${first.supervisorPid} killed by SIGKILL)`;
    await untilTrue(() => next.place.ownLog().includes(told));
    await next.told(({ event, message }) => event === "replaced" && message?.startsWith(told) === true);
  });

  // The one is lacking for the first step towards clients, the other for the second.
  test.each([
    ["its directory", (run: string) => chmodSync(run, 0o777), (run: string) => chmodSync(run, 0o700)],
    [
      "its socket",
      (run: string) => replaceByDirectory(run),
      (run: string) => rmSync(`${run}/control.sock`, { recursive: true }),
    ],
  ])(
    "is followed by one that does its work without %s, says so once, and can be reached as soon as it is there",
    async (_what, take, giveBack) => {
      await using first = await TestSupervisor.start({
        "sleeper.toml": program(["sleep", "1000"], '[restart]\ndelay = "20ms"'),
      });
      const { pid } = await first.until("sleeper", ({ state }) => state === "up");
      const { place } = first;
      take(place.runtime);
      signalProcess(first.supervisorPid, "SIGKILL");
      await untilTrue(() => place.ownLog().includes("the services are looked after meanwhile"));
      signalProcess(pid, "SIGKILL");
      await untilTrue(() => place.ownLog().includes(`sleeper: pid ${pid} killed by SIGKILL`));
      await untilTrue(() => place.marked().some((other) => other !== pid));
      giveBack(place.runtime);
      await using next = await first.successor();
      expect(next.pid).toBe(first.pid);
      expect(await next.service("sleeper")).toMatchObject({ state: "up", restarts: 1 });
      await place.logged("notice: this is over: cannot");
      expect(place.ownLog().split("the services are looked after meanwhile")).toHaveLength(2);
      expect((await next.command("shutdown")).code).toBe(0);
      expect(place.marked()).toEqual([]);
    },
  );

  test("leaves nothing behind that nobody reaps", async () => {
    await using first = await TestSupervisor.start({ "short.toml": shell("sleep 0.3 & sleep 1000") });
    await first.until("short", ({ state }) => state === "up");
    signalProcess(first.supervisorPid, "SIGKILL");
    await using next = await first.successor();
    await next.until("short", ({ state }) => state === "up");
    expect((await next.command("stop", "short")).code).toBe(0);
    await untilTrue(() => Bun.deepEquals([...childrenOf(next.pid)], [next.supervisorPid]));
  });

  test("is followed again and again, and all of it ends in order", async () => {
    await using first = await TestSupervisor.start(SLEEPER);
    let last = first;
    for (let kill = 0; kill < 5; kill++) {
      signalProcess(last.supervisorPid, "SIGKILL");
      last = await last.successor();
    }
    await last.until("sleeper", ({ state }) => state === "up");
    signalProcess(first.pid, "SIGTERM");
    await last.gone();
    expect(hasEnded(first.pid)).toBe(true);
    expect(first.place.supervisorPid()).toBeNull();
    expect(first.place.marked()).toEqual([]);
  });

  test("and whose successors cannot start is followed all the same, once they can, and the log says why", async () => {
    await using first = await TestSupervisor.start(SLEEPER);
    const { place } = first;
    // What it went by is gone, and the files say nothing that could be used.
    rmSync(place.path("run", "configuration"));
    place.write("sleeper.toml", "command = nonsense");
    signalProcess(first.supervisorPid, "SIGKILL");
    const tried = new Set<number>();
    await untilTrue(() => {
      for (const pid of childrenOf(first.pid)) if (place.isSupervisor(pid)) tried.add(pid);
      return tried.size > 3;
    });
    place.write("sleeper.toml", program(["sleep", "2000"]));
    await using next = await first.successor();
    await next.until("sleeper", ({ state }) => state === "up");
    await untilTrue(() => /the supervisor has died \(pid \d+ exited 6: .*sleeper\.toml:1/.test(place.ownLog()));
    await untilTrue(() => /run\/configuration", by which .* the files now/.test(place.ownLog()));
  });

  test("while it stops everything is followed by one that goes on with that", async () => {
    await using first = await TestSupervisor.start({
      "stubborn.toml": shell('trap "" TERM; echo deaf; while :; do sleep 1; done', '[stop]\ntimeout = "1s"'),
    });
    await first.line("stubborn", (text) => text === "deaf");
    const asked = first.command("shutdown");
    await first.event((event) => event.service === "stubborn" && event.state === "stopping");
    signalProcess(first.supervisorPid, "SIGKILL");
    await untilTrue(() => hasEnded(first.pid));
    await asked;
    expect(first.place.supervisorPid()).toBeNull();
    expect(first.place.marked()).toEqual([]);
  });
});

describe("a guardian that is killed", () => {
  test("while everything is stopped is replaced by one that has that carried on, and whoever asked for it is not left waiting", async () => {
    await using first = await TestSupervisor.start({
      "stubborn.toml": shell('trap "" TERM; echo deaf; while :; do sleep 1; done', '[stop]\ntimeout = "1s"'),
    });
    await first.line("stubborn", (text) => text === "deaf");
    const asked = first.command("shutdown");
    await first.event((event) => event.service === "stubborn" && event.state === "stopping");
    signalProcess(first.pid, "SIGKILL");
    expect(await asked).toMatchObject({ code: 0, stderr: "" });
    expect(first.place.supervisorPid()).toBeNull();
    expect(first.place.marked()).toEqual([]);
  });

  test("is replaced by its supervisor, which another one follows", async () => {
    await using first = await TestSupervisor.start(SLEEPER);
    signalProcess(first.pid, "SIGKILL");
    await using next = await first.successor();
    expect(next.pid).toBe(first.supervisorPid);
    expect(next.place.read("run", "supervisor.pid")).toBe(`${first.supervisorPid}\n`);
    expect(factsOf(next.supervisorPid).parent).toBe(next.pid);
    await next.until("sleeper", ({ state }) => state === "up");
    signalProcess(next.pid, "SIGTERM");
    await next.gone();
    expect(next.place.supervisorPid()).toBeNull();
    expect(next.place.marked()).toEqual([]);
  });

  test("again and again is replaced each time", async () => {
    await using first = await TestSupervisor.start(SLEEPER);
    let last = first;
    for (let kill = 0; kill < 5; kill++) {
      signalProcess(last.pid, "SIGKILL");
      const next = await last.successor();
      expect(next.pid).toBe(last.supervisorPid);
      last = next;
    }
    await last.until("sleeper", ({ state }) => state === "up");
    last.kill("SIGTERM");
    await last.gone();
    expect(first.place.marked()).toEqual([]);
  });
});

describe("a guardian that is stopped", () => {
  test("goes on when everything is to end", async () => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    signalProcess(supervisor.pid, "SIGSTOP");
    expect(await supervisor.command("shutdown")).toMatchObject({ code: 0, stdout: "the supervisor is gone\n" });
    await supervisor.gone();
    expect(supervisor.place.marked()).toEqual([]);
  });

  test("is woken by whoever waits for the end, where the supervisor that stops everything dies", async () => {
    await using first = await TestSupervisor.start({
      "slow.toml": shell("trap 'sleep 1; exit 0' TERM; echo on; while :; do sleep 0.05; done"),
    });
    await first.line("slow", (text) => text === "on");
    const asked = first.command("shutdown");
    await first.event(({ service, state }) => service === "slow" && state === "stopping");
    signalProcess(first.pid, "SIGSTOP");
    signalProcess(first.supervisorPid, "SIGKILL");
    expect(await asked).toMatchObject({ code: 0, stdout: "the supervisor is gone\n" });
    await first.gone();
    expect(first.place.marked()).toEqual([]);
  });

  test("tells of the ends of services that are its children first", async () => {
    await using first = await TestSupervisor.start(SLEEPER);
    const { pid } = await first.until("sleeper", ({ state }) => state === "up");
    signalProcess(first.supervisorPid, "SIGKILL");
    await using next = await first.successor();
    await next.until("sleeper", (view) => view.state === "up" && view.pid === pid);
    signalProcess(next.pid, "SIGSTOP");
    expect((await next.command("shutdown")).code).toBe(0);
    await next.gone();
    expect(next.place.marked()).toEqual([]);
  });
});

// It takes CAP_SYS_RESOURCE, which not every root has.
const mayHaveAny = Bun.spawnSync(["sh", "-c", "echo -1000 > /proc/self/oom_score_adj"], { stderr: "ignore" }).success;
const noScore = skipReason("the oom scores of ours", [[mayHaveAny, "not allowed: CAP_SYS_RESOURCE is missing"]]);

test.skipIf(noScore !== null)(
  "the guardian of root's supervisor is never killed for lack of memory, the supervisor hardly ever, its services as others",
  async () => {
    const scoreOf = (pid: number | null): string => readFileSync(`/proc/${pid}/oom_score_adj`, "utf8");
    await using first = await TestSupervisor.start(SLEEPER);
    await untilTrue(() => scoreOf(first.pid) === "-1000\n");
    await untilTrue(() => scoreOf(first.supervisorPid) === "-900\n");
    expect(scoreOf((await first.service("sleeper")).pid)).toBe("0\n");
    signalProcess(first.supervisorPid, "SIGKILL");
    await using next = await first.successor();
    await untilTrue(() => scoreOf(next.supervisorPid) === "-900\n");
    expect((await next.command("restart", "sleeper")).code).toBe(0);
    expect(scoreOf((await next.service("sleeper")).pid)).toBe("0\n");
    // It executes itself as guardian: what it inherits with that is the usual score again.
    signalProcess(next.pid, "SIGKILL");
    await using last = await next.successor();
    expect((await last.command("restart", "sleeper")).code).toBe(0);
    expect(scoreOf((await last.service("sleeper")).pid)).toBe("0\n");
  },
);

describe("signals", () => {
  test("that reach guardian and supervisor count once", async () => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    const reloads = (): number => supervisor.events.filter(({ event }) => event === "reload").length;
    supervisor.kill("SIGHUP");
    // Of two that it has not taken yet it would hear of one.
    await untilTrue(() => !signalsOf(supervisor.pid, "ShdPnd").includes("SIGHUP"));
    signalProcess(supervisor.supervisorPid, "SIGHUP");
    await supervisor.event(({ event }) => event === "reload");
    supervisor.place.write("added.toml", program(["sleep", "1000"]));
    supervisor.kill("SIGHUP");
    await supervisor.event(({ event, message }) => event === "reload" && message?.includes("1 added") === true);
    expect(reloads()).toBe(2);
  });

  test.each(["guardian", "supervisor"] as const)("to the %s alone end everything", async (which) => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    signalProcess(which === "guardian" ? supervisor.pid : supervisor.supervisorPid, "SIGTERM");
    await supervisor.gone();
    expect(supervisor.place.supervisorPid()).toBeNull();
    expect(supervisor.place.marked()).toEqual([]);
  });
});

test("with --no-guardian there is one process, which nobody starts again", async () => {
  await using supervisor = await TestSupervisor.start(SLEEPER, { args: ["--no-guardian"] });
  expect(supervisor.supervisorPid).toBe(supervisor.pid);
  expect(supervisor.place.ours()).toEqual([supervisor.pid]);
  supervisor.kill("SIGKILL");
  await supervisor.gone();
  expect(supervisor.place.ours()).toEqual([]);
  await using next = await supervisor.place.start({ args: ["--no-guardian"] });
  await next.until("sleeper", ({ state }) => state === "up");
});
