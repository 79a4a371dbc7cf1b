import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readlinkSync, statSync } from "node:fs";
import { compileProgram } from "../compile-program.ts";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { descriptorsOf, environmentOf, factsOf, signalsOf, statusLineOf } from "./process-facts.ts";
import { type CommandResult, TestPlace, TestSupervisor, untilTrue } from "./test-supervisor.ts";

const oddStart = compileProgram("odd-start");
const skipped = skipReason("becoming a daemon", [[oddStart !== null, "there is no C compiler"]]);

const HANDLED = ["SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCHLD"];

describe.skipIf(skipped !== null)("a daemon that was started from a strange place", () => {
  let place: TestPlace;
  let launched: CommandResult;
  let supervisor: TestSupervisor;

  beforeAll(async () => {
    place = new TestPlace({
      "sleeper.toml": program(["sleep", "1000"]),
      "talker.toml": shell("echo hello; exec sleep 1000"),
      "idle.toml": program(["sleep", "1000"], 'start = "manual"'),
    });
    mkdirSync(place.path("elsewhere"));
    launched = await place.launch({
      wrapper: [oddStart ?? "", place.path("elsewhere")],
      env: { BUN_OPTIONS: "--smol", BUN_CONFIG_VERBOSE_FETCH: "1", SECRET: "of the caller", TZ: "Asia/Tokyo" },
    });
    supervisor = await TestSupervisor.connect(place);
  });

  afterAll(async () => {
    await supervisor?.[Symbol.asyncDispose]();
    place?.[Symbol.dispose]();
  });

  test("is told of in one line with its pid, the number of services and where to look", () => {
    expect(launched).toMatchObject({ code: 0, stderr: "" });
    expect(launched.stdout).toMatch(/^[^\n]+\n$/);
    expect(launched.stdout).toContain(`pid ${supervisor.pid}, 3 services`);
    expect(launched.stdout).toContain("daemonsup status");
    expect(launched.stdout).toContain(place.path("log", "daemonsup.log"));
  });

  test("has its pid file, its socket and its automatic services when the launcher returns", async () => {
    // What was true only later would be told by an event: each state is entered before the launcher returned.
    expect(place.read("run", "supervisor.pid")).toBe(`${supervisor.pid}\n`);
    expect(statSync(place.path("run", "control.sock")).isSocket()).toBe(true);
    const views = await supervisor.services();
    expect(views.map(({ name, state }) => [name, state])).toEqual([
      ["idle", "down"],
      ["sleeper", "up"],
      ["talker", "up"],
    ]);
  });

  test("leads neither session nor group and has no terminal, so that it can never get one again", () => {
    const facts = factsOf(supervisor.pid);
    expect(facts.name).toBe("daemonsup");
    expect(facts.terminal).toBe(0);
    expect(facts.session).not.toBe(supervisor.pid);
    expect(facts.group).toBe(facts.session);
    expect(facts.session).not.toBe(factsOf(process.pid).session);
    // Whoever led the session has ended: its leader's number is nobody's.
    expect(() => factsOf(facts.session)).toThrow();
  });

  test("stands in the root directory with an empty umask", () => {
    expect(readlinkSync(`/proc/${supervisor.pid}/cwd`)).toBe("/");
    expect(statusLineOf(supervisor.pid, "Umask")).toBe("0000");
  });

  test("has /dev/null on 0, 1 and 2 and nothing else of what its starter had open", async () => {
    // The guardian keeps its messages where the starter sees them until it has heard that everything is up.
    await untilTrue(() => descriptorsOf(supervisor.pid).get(2) === "/dev/null");
    const descriptors = descriptorsOf(supervisor.pid);
    expect([0, 1, 2].map((fd) => descriptors.get(fd))).toEqual(["/dev/null", "/dev/null", "/dev/null"]);
    expect([...descriptors.values()]).not.toContain("/dev/zero");
  });

  test("blocks nothing, ignores only what the signals table says, and handles the rest of it", () => {
    expect(signalsOf(supervisor.supervisorPid, "SigBlk")).toEqual([]);
    // The runtime itself ignores SIGXFSZ: a file that reached its limit is an error and not an end.
    expect(signalsOf(supervisor.supervisorPid, "SigIgn")).toEqual([
      "SIGPIPE",
      "SIGTSTP",
      "SIGTTIN",
      "SIGTTOU",
      "SIGXFSZ",
    ]);
    expect(signalsOf(supervisor.supervisorPid, "SigCgt")).toEqual(expect.arrayContaining(HANDLED));
  });

  test("keeps of the caller's environment only PATH, LANG and TZ", () => {
    const environment = environmentOf(supervisor.pid);
    const own = /^(DAEMONSUP_ROLE|BUN_GC_TIMER_DISABLE|BUN_JSC_\w+|MIMALLOC_PURGE_DELAY)$/;
    expect([...environment.keys()].filter((name) => !own.test(name) && name !== "LANG").sort()).toEqual(["PATH", "TZ"]);
    expect(environment.get("TZ")).toBe("Asia/Tokyo");
  });

  test("starts services that have nothing of all that", async () => {
    const { pid } = await supervisor.service("sleeper");
    const facts = factsOf(pid ?? 0);
    expect([facts.session, facts.group, facts.parent, facts.terminal]).toEqual([
      pid ?? 0,
      pid ?? 0,
      supervisor.supervisorPid,
      0,
    ]);
    expect(signalsOf(pid ?? 0, "SigBlk")).toEqual([]);
    expect(signalsOf(pid ?? 0, "SigIgn")).toEqual([]);
    expect(statusLineOf(pid ?? 0, "Umask")).toBe("0022");
    expect([...descriptorsOf(pid ?? 0).keys()].sort((left, right) => left - right)).toEqual([0, 1, 2]);
    expect([...environmentOf(pid ?? 0).keys()].filter((name) => name.startsWith("BUN_") || name === "SECRET")).toEqual(
      [],
    );
  });

  test("makes its files with the modes that belong to them, whatever its umask", async () => {
    const modeOf = (...parts: string[]): string => (statSync(place.path(...parts)).mode & 0o7777).toString(8);
    expect([modeOf("run"), modeOf("state"), modeOf("log")]).toEqual(["700", "700", "750"]);
    expect([modeOf("run", "control.sock"), modeOf("run", "supervisor.pid"), modeOf("run", "state")]).toEqual([
      "600",
      "600",
      "600",
    ]);
    await untilTrue(() => existsSync(place.path("log", "talker.log")));
    expect([modeOf("log", "daemonsup.log"), modeOf("log", "talker.log")]).toEqual(["640", "640"]);
  });
});
