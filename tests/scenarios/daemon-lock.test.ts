import { describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "./definitions.ts";
import { allPids } from "./proc.ts";
import { BINARY, TestPlace, TestSupervisor, hasEnded, run, untilTrue } from "./test-supervisor.ts";

const SLEEPER = { "sleeper.toml": program(["sleep", "1000"]) };

describe("a place in which a supervisor runs", () => {
  test("refuses a second start with the pid of the first, which does not notice", async () => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    const before = await supervisor.service("sleeper");
    const second = await supervisor.place.launch();
    expect(second).toMatchObject({ code: 1, stdout: "" });
    expect(second.stderr).toContain(`pid ${supervisor.pid}`);
    expect(supervisor.place.supervisorPid()).toBe(supervisor.pid);
    expect(await supervisor.service("sleeper")).toMatchObject({ pid: before.pid, restarts: 0 });
    await untilTrue(() => supervisor.place.marked().length === 1);
  });

  test("refuses a second start in the foreground just the same", async () => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    const second = await supervisor.place.launch({ foreground: true });
    expect(second).toMatchObject({ code: 1, stdout: "" });
    expect(second.stderr).toContain(`pid ${supervisor.pid}`);
  });

  test("refuses it also when somebody wrote nonsense into the pid file: the lock counts and not the number", async () => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    const file = supervisor.place.path("run", "supervisor.pid");
    writeFileSync(file, "nonsense\n");
    const second = await supervisor.place.launch();
    writeFileSync(file, `${supervisor.pid}\n`);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain("already running");
    await untilTrue(() => supervisor.place.marked().length === 1);
  });

  test("holds exactly one of 20 that were started at the same moment", async () => {
    using place = new TestPlace(SLEEPER);
    const results = await Promise.all(Array.from({ length: 20 }, () => place.launch()));
    await using supervisor = await TestSupervisor.connect(place);
    expect(results.filter(({ code }) => code === 0)).toHaveLength(1);
    const refused = results.filter(({ code }) => code !== 0);
    expect(refused.map(({ code }) => code)).toEqual(Array.from({ length: 19 }, () => 1));
    expect(new Set(refused.map(({ stderr }) => stderr)).size).toBe(1);
    expect(refused[0]?.stderr).toContain(`pid ${supervisor.pid}`);
    expect(new Set(daemonsOf(place))).toEqual(new Set([supervisor.pid, supervisor.supervisorPid]));
    await untilTrue(() => place.marked().length === 1);
  });

  test("shares its state directory with no other supervisor, wherever that runs", async () => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    const { place } = supervisor;
    const elsewhere = ["--runtime-dir", place.path("elsewhere")];
    const words = [
      "--config",
      place.config,
      ...elsewhere,
      "--state-dir",
      place.path("state"),
      "--log-dir",
      place.path("log2"),
    ];
    const second = await run([BINARY, ...words]);
    expect(second).toEqual({
      code: 1,
      stdout: "",
      stderr: `cannot use state directory "${place.path("state")}": another supervisor uses it (give each a --name, or a --state-dir)\n`,
    });
    await untilTrue(() => place.marked().length === 1);
  });

  test("is free again once it has ended, and keeps an empty pid file that nobody could lock twice", async () => {
    await using first = await TestSupervisor.start(SLEEPER);
    const { ino } = lstatSync(first.place.path("run", "supervisor.pid"));
    first.kill("SIGTERM");
    await first.gone();
    expect(first.place.read("run", "supervisor.pid")).toBe("");
    expect(existsSync(first.place.path("run", "control.sock"))).toBe(false);
    await using second = await first.place.start();
    expect(second.pid).not.toBe(first.pid);
    expect(lstatSync(first.place.path("run", "supervisor.pid")).ino).toBe(ino);
  });
});

describe("a start is not kept back by", () => {
  for (const [title, text] of [
    ["a stale pid file", "4194304\n"],
    ["a pid file with garbage", `\0\xff${"x".repeat(100_000)}`],
    ["an empty pid file", ""],
    ["a pid file that names a living process of somebody else", `${process.pid}\n`],
    ["a pid file that names pid 1", "1\n"],
  ] as const) {
    test(title, async () => {
      using place = new TestPlace(SLEEPER);
      mkdirSync(place.runtime, { mode: 0o700 });
      writeFileSync(place.path("run", "supervisor.pid"), text, "latin1");
      await using supervisor = await place.start();
      expect(place.read("run", "supervisor.pid")).toBe(`${supervisor.pid}\n`);
      expect(hasEnded(process.pid)).toBe(false);
    });
  }

  test("a control socket that a dead supervisor left", async () => {
    using place = new TestPlace(SLEEPER);
    mkdirSync(place.runtime, { mode: 0o700 });
    await leaveSocket(place.path("run", "control.sock"));
    await using supervisor = await place.start();
    expect((await supervisor.command("status")).code).toBe(0);
  });
});

describe("a start is refused, with the path and the reason, by", () => {
  test("a pid file that is a symbolic link, whose target stays untouched", async () => {
    using place = new TestPlace(SLEEPER);
    mkdirSync(place.runtime, { mode: 0o700 });
    writeFileSync(place.path("precious"), "precious");
    symlinkSync(place.path("precious"), place.path("run", "supervisor.pid"));
    const { code, stderr } = await place.launch();
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot take pid file "${place.path("run", "supervisor.pid")}": `);
    expect(stderr).toContain("symbolic link");
    expect(place.read("precious")).toBe("precious");
    expect(daemonsOf(place)).toEqual([]);
  });

  test("a pid file that is a directory", async () => {
    using place = new TestPlace(SLEEPER);
    mkdirSync(place.path("run", "supervisor.pid"), { recursive: true, mode: 0o700 });
    const { code, stderr } = await place.launch();
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot take pid file "${place.path("run", "supervisor.pid")}": `);
    expect(stderr).toContain("directory");
  });

  test("a file in the place of the control socket that is no socket, which stays", async () => {
    using place = new TestPlace(SLEEPER);
    mkdirSync(place.runtime, { mode: 0o700 });
    writeFileSync(place.path("run", "control.sock"), "precious");
    const { code, stderr } = await place.launch();
    expect(code).toBe(1);
    expect(stderr).toContain(`"${place.path("run", "control.sock")}"`);
    expect(stderr).toContain("not a socket");
    expect(place.read("run", "control.sock")).toBe("precious");
    expect(place.marked()).toEqual([]);
    expect(daemonsOf(place)).toEqual([]);
  });
});

/** The daemons whose command line names the place's definitions. */
function daemonsOf(place: TestPlace): readonly number[] {
  return allPids().filter(
    (pid) => !hasEnded(pid) && commandLineOf(pid).startsWith(`daemonsup\0--config\0${place.config}\0`),
  );
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

test("a client that looks at the lock does not keep a supervisor from it", async () => {
  using place = new TestPlace(SLEEPER);
  mkdirSync(place.runtime, { mode: 0o700 });
  writeFileSync(join(place.runtime, "supervisor.pid"), "", { mode: 0o600 });
  // Holds the lock as a client does, but for longer; the start is tried while it does.
  const client = Bun.spawn(
    ["flock", "-s", join(place.runtime, "supervisor.pid"), "sh", "-c", "echo locked; sleep 0.05"],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  await client.stdout.getReader().read();
  await using supervisor = await place.start();
  expect(supervisor.pid).toBeGreaterThan(0);
  await client.exited;
});

/** A socket file that nobody listens on any more. */
async function leaveSocket(path: string): Promise<void> {
  const child = Bun.spawn(
    [
      process.execPath,
      "-e",
      `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`,
    ],
    { stdin: "ignore", stdout: "inherit", stderr: "inherit" },
  );
  await child.exited;
  expect(lstatSync(path).isSocket()).toBe(true);
}
