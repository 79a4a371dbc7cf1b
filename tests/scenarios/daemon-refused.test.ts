import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { RunningCommand } from "./running-command.ts";
import { BINARY, TestPlace, TestSupervisor, run, untilTrue } from "./test-supervisor.ts";

const SLEEPER = { "sleeper.toml": program(["sleep", "1000"]) };
const isRoot = process.getuid?.() === 0;

describe("a runtime directory is refused with its path and what is wrong", () => {
  test("when others may write to it", async () => {
    using place = new TestPlace(SLEEPER);
    mkdirSync(place.runtime);
    chmodSync(place.runtime, 0o777);
    await expectRefusal(place, ["may be written by others", "0777", "0700"]);
  });

  test("when its group may write to it", async () => {
    using place = new TestPlace(SLEEPER);
    mkdirSync(place.runtime);
    chmodSync(place.runtime, 0o770);
    await expectRefusal(place, ["may be written by others", "0770"]);
  });

  test("when it is a symbolic link, even to a good directory", async () => {
    using place = new TestPlace(SLEEPER);
    mkdirSync(place.path("target"), { mode: 0o700 });
    symlinkSync(place.path("target"), place.runtime);
    await expectRefusal(place, ["symbolic link"]);
    expect(readdirSync(place.path("target"))).toEqual([]);
  });

  test("when it is a file", async () => {
    using place = new TestPlace(SLEEPER);
    writeFileSync(place.runtime, "");
    await expectRefusal(place, ["not a directory"]);
  });

  test.skipIf(skipReason("a directory of another owner", [[isRoot, "only root can give one away"]]) !== null)(
    "when it belongs to somebody else",
    async () => {
      using place = new TestPlace(SLEEPER);
      mkdirSync(place.runtime, { mode: 0o700 });
      chownSync(place.runtime, 65534, 65534);
      await expectRefusal(place, ["belongs to user 65534", "want user 0"]);
    },
  );

  test("when its parent is missing, which is not made", async () => {
    using place = new TestPlace(SLEEPER);
    const runtime = place.path("missing", "run");
    const { code, stdout, stderr } = await run(wordsWith(place, runtime));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`"${runtime}"`);
    expect(stderr).toContain("parent directory does not exist");
    expect(existsSync(place.path("missing"))).toBe(false);
  });

  test("when the path of its socket would be longer than a socket's can be", async () => {
    using place = new TestPlace(SLEEPER);
    const socketTail = "/control.sock".length;
    const longest = `${place.directory}/${"r".repeat(107 - socketTail - place.directory.length - 1)}`;
    const tooLong = await run(wordsWith(place, `${longest}r`));
    expect(tooLong).toMatchObject({ code: 1, stdout: "" });
    expect(tooLong.stderr).toContain("108 bytes");
    expect(tooLong.stderr).toContain("107");
    expect(place.marked()).toEqual([]);
    const fits = await run(wordsWith(place, longest));
    expect(fits).toMatchObject({ code: 0 });
    expect(await run([BINARY, "shutdown", "--runtime-dir", longest])).toMatchObject({ code: 0 });
  });
});

async function expectRefusal(place: TestPlace, words: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await place.launch();
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  for (const word of [`"${place.runtime}"`, ...words]) expect(stderr).toContain(word);
  expect(place.marked()).toEqual([]);
}

/** The starting command with another runtime directory. */
function wordsWith(place: TestPlace, runtime: string): readonly string[] {
  return place.startWords().map((word) => (word === place.runtime ? runtime : word));
}

describe("a daemon that fails before it is ready says why on the launcher's terminal", () => {
  test("an invalid configuration ends with 6 and names file, line and column", async () => {
    using place = new TestPlace({ ...SLEEPER, "bad.toml": 'command = ["true"]\nrestrat = "always"\n' });
    const { code, stdout, stderr } = await place.launch();
    expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
    expect(stderr).toContain(`${place.path("services.d", "bad.toml")}:2:1: `);
    expect(existsSync(place.runtime)).toBe(false);
    expect(place.marked()).toEqual([]);
  });

  test("a missing directory of definitions ends with 6", async () => {
    using place = new TestPlace({});
    rmSync(place.config, { recursive: true });
    const { code, stderr } = await place.launch();
    expect(code).toBe(6);
    expect(stderr).toContain(place.config);
  });

  test("an empty directory of definitions ends with 6, unless it is allowed", async () => {
    using place = new TestPlace({});
    expect(await place.launch()).toMatchObject({ code: 6 });
    await using supervisor = await place.start({ args: ["--allow-empty"] });
    expect(await supervisor.services()).toEqual([]);
  });

  test("a log directory that cannot be used is named", async () => {
    using place = new TestPlace(SLEEPER);
    writeFileSync(place.path("log"), "");
    const { code, stdout, stderr } = await place.launch();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`"${place.path("log")}"`);
    expect(place.marked()).toEqual([]);
  });

  test("a directory in which it may not write is named, with the errno", async () => {
    using place = new TestPlace(SLEEPER);
    // /proc takes no directories, not even from root.
    const { code, stderr } = await run(wordsWith(place, "/proc/daemonsup"));
    expect(code).toBe(1);
    expect(stderr).toContain('"/proc/daemonsup"');
  });
});

describe("one bad service", () => {
  const BAD = { ...SLEEPER, "bad.toml": program(["/no/such/program"]) };

  test("does not fail the start of the rest and is named with the reason", async () => {
    using place = new TestPlace(BAD);
    const launched = await place.launch();
    expect(launched).toMatchObject({ code: 0, stderr: "" });
    expect(launched.stdout).toMatch(/^bad: failed: [^\n]*\/no\/such\/program[^\n]*\n[^\n]* 2 services[^\n]*\n$/);
    await using supervisor = await TestSupervisor.connect(place);
    expect(await supervisor.service("sleeper")).toMatchObject({ state: "up" });
  });

  test("found by reading fails the start with --strict, and nothing is started", async () => {
    using place = new TestPlace(BAD);
    const { code, stdout, stderr } = await place.launch({ args: ["--strict"] });
    expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
    expect(stderr).toContain("/no/such/program");
    expect(place.marked()).toEqual([]);
  });

  test("found only by its exec fails the start with --strict, and nothing is left when the launcher returns", async () => {
    using place = new TestPlace(SLEEPER);
    writeFileSync(place.path("orphan"), "#!/no/such/interpreter\n", { mode: 0o755 });
    place.write("orphan.toml", program([place.path("orphan")]));
    const { code, stdout, stderr } = await place.launch({ args: ["--strict"] });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("orphan: ");
    expect(stderr).toContain("--strict");
    expect(place.marked()).toEqual([]);
    expect(place.supervisorPid()).toBeNull();
  });
});

test("--ready-timeout ends an undecided start with 124, says what was missing, and leaves nothing running", async () => {
  using place = new TestPlace({});
  const held = place.path("held");
  expect(await run(["mkfifo", held])).toMatchObject({ code: 0 });
  // It ends only when somebody opens the pipe.
  place.write(
    "stubborn.toml",
    shell(`trap "" TERM; : > ${place.path("ready")}; : < ${held}`, '[stop]\ntimeout = "1h"'),
  );
  const first = await place.start();
  await untilTrue(() => existsSync(place.path("ready")));
  await first.request("POST", "/v1/services/stubborn/restart", { wait: false });
  await first.until("stubborn", ({ state }) => state === "stopping");
  first.kill("SIGKILL");
  await first.gone();
  expect(place.marked()).not.toEqual([]);

  // The next one goes on with the restart, of which the first half takes longer than its own start may.
  await using launcher = new RunningCommand([...place.startWords(), "--ready-timeout", "100ms"]);
  await launcher.says("stderr", /stubborn.*\n/);
  expect(launcher.stderr).toContain("0.1s");
  closeSync(openSync(held, "w"));
  expect(await launcher.ended).toEqual({ code: 124, signal: null });
  expect(launcher.stdout).toBe("");
  expect(place.supervisorPid()).toBeNull();
  expect(place.marked()).toEqual([]);
});
