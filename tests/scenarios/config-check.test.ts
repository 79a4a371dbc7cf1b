import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { program } from "./definitions.ts";
import { asOrdinaryUser, needsRoot } from "./ordinary-user.ts";
import { BINARY, TestPlace, TestSupervisor, type CommandResult, run } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);

/** One problem of each kind of text, in six files. */
const BROKEN: Readonly<Record<string, string>> = {
  "keys.toml": 'command = ["sleep", "1000"]\ntpye = "simple"\n[restart]\npolicy = "on-failur"\n',
  "syntax.toml": 'command = ["sleep"\nnice = 1\n',
  "list.yaml": "command: [sleep, 1000]\nnice: high\n",
  "number.json": '{"command": 5}',
  "shell.toml": 'command = "sleep 5 | cat"\n',
  "two@many@.toml": SLEEPER,
};

async function check(place: TestPlace, ...words: readonly string[]): Promise<CommandResult> {
  return await run([BINARY, "check", place.config, ...words]);
}

/** The lines that begin a problem: "FILE:LINE:COLUMN: message". */
function headsOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => /^\S+:\d+:\d+: cannot /.test(line));
}

test("check reports every problem of every file at once, each with its place, the text and a hint", async () => {
  using place = new TestPlace(BROKEN);
  const { code, stdout } = await check(place);
  expect(code).toBe(6);
  const keys = `${place.config}/keys.toml`;
  expect(stdout).toContain(
    `${keys}:2:1: cannot parse "tpye": unknown key\n  tpye = "simple"\n  ^^^^\n  did you mean "type"?\n`,
  );
  expect(stdout).toContain(`${keys}:4:10: cannot parse "restart.policy"`);
  expect(stdout).toContain('  policy = "on-failur"\n           ^^^^^^^^^^^\n  did you mean "on-failure"?\n');
  expect(stdout).toContain('write ["/bin/sh", "-c", "sleep 5 | cat"]');
  const files = new Set(headsOf(stdout).map((head) => head.slice(place.config.length + 1, head.indexOf(":"))));
  expect([...files].sort()).toEqual(Object.keys(BROKEN).sort());
  expect(stdout).toContain("in 6 files\n");
});

test("a start with the same directory prints the same problems, and nothing is started or taken", async () => {
  using place = new TestPlace({ ...BROKEN, "good.toml": SLEEPER });
  const { stdout } = await check(place);
  const started = await place.launch();
  expect(started.code).toBe(6);
  expect(headsOf(started.stderr)).toEqual(headsOf(stdout));
  expect(headsOf(stdout).length).toBeGreaterThan(6);
  expect(place.marked()).toEqual([]);
  expect(existsSync(place.runtime)).toBe(false);
});

test("a reload with the same directory prints the same problems, and changes nothing", async () => {
  await using supervisor = await TestSupervisor.start({ "good.toml": SLEEPER, "other.toml": SLEEPER });
  const { place } = supervisor;
  const before = await supervisor.until("good", (view) => view.state === "up");
  for (const [name, text] of Object.entries(BROKEN)) place.write(name, text);
  place.remove("other.toml");
  place.write("good.toml", program(["sleep", "2000"]));
  const { stdout } = await check(place);
  const reloaded = await supervisor.command("reload");
  expect(reloaded.code).toBe(6);
  expect(headsOf(reloaded.stderr)).toEqual(headsOf(stdout));
  expect(reloaded.stderr).toContain("nothing was changed");
  expect((await supervisor.services()).map((view) => view.name)).toEqual(["good", "other"]);
  expect(await supervisor.service("good")).toMatchObject({ pid: before.pid, stale: true });
});

test("check --json prints the same problems as data", async () => {
  using place = new TestPlace(BROKEN);
  const { code, stdout } = await check(place, "--json");
  expect(code).toBe(6);
  const found = JSON.parse(stdout) as {
    services: null;
    problems: { file: string; line: number; column: number; message: string; excerpt: object; suggestion: string }[];
  };
  expect(found.services).toBeNull();
  expect(found.problems).toHaveLength(headsOf((await check(place)).stdout).length);
  expect(found.problems).toContainEqual({
    file: `${place.config}/keys.toml`,
    line: 2,
    column: 1,
    message: 'cannot parse "tpye": unknown key',
    excerpt: { text: 'tpye = "simple"', caretStart: 0, caretLength: 4 },
    suggestion: 'did you mean "type"?',
  });
});

test("check of a good directory says how many services there are, names what is none, and starts nothing", async () => {
  using place = new TestPlace({ "good.toml": SLEEPER, "script.sh": "" });
  const { code, stdout } = await check(place);
  expect(stdout).toContain("1 service, no problems");
  expect(stdout).toContain("ignored, no definitions: script.sh");
  expect(code).toBe(0);
  expect(readdirSync(place.directory)).toEqual(["services.d"]);
});

test("check looks in ./services.d when it is told nothing", async () => {
  using place = new TestPlace({ "bad.toml": "" });
  const inside = await run(["sh", "-c", 'cd "$1" && "$2" check', "sh", place.directory, BINARY]);
  expect(inside.stdout).toStartWith('services.d/bad.toml:1:1: cannot parse "command"');
  expect(inside.code).toBe(6);
});

test("what the machine lacks fails the check but costs a start only that one service", async () => {
  using place = new TestPlace({ "good.toml": SLEEPER });
  place.write("program.toml", program(["no-such-program"]));
  place.write("many.toml", program(["/no/such/file"], 'user = "no-such-user"\ndirectory = "/no/such/directory"'));
  place.write("data.toml", program([place.path("data")]));
  writeFileSync(place.path("data"), "", { mode: 0o644 });
  place.write("log.toml", program(["true"], '[log]\nfile = "/no/such/place/log"'));
  const { code, stdout } = await check(place);
  expect(code).toBe(6);
  expect(headsOf(stdout)).toHaveLength(6);
  expect(stdout).toContain("many.toml:2:8: cannot use");
  expect(stdout).toContain("not executable");

  const launched = await place.launch();
  expect(launched.code).toBe(0);
  for (const name of ["program", "many", "data", "log"])
    expect(launched.stdout).toContain(`${name}: failed: cannot use "`);
  await using supervisor = await TestSupervisor.connect(place);
  await supervisor.until("good", (view) => view.state === "up");
  expect(await supervisor.service("program")).toMatchObject({ state: "failed", pid: null });
});

test("a strict start is refused by what the machine lacks", async () => {
  using place = new TestPlace({ "good.toml": SLEEPER, "bad.toml": program(["no-such-program"]) });
  const { code, stderr } = await place.launch({ args: ["--strict"] });
  expect(code).toBe(6);
  expect(headsOf(stderr)).toHaveLength(1);
  expect(place.marked()).toEqual([]);
});

test("what the machine lacks is reported beside what is wrong in the text of other files", async () => {
  using place = new TestPlace({ "text.toml": "command = 5", "machine.toml": program(["no-such-program"]) });
  expect(headsOf((await check(place)).stdout)).toHaveLength(2);
});

test("a missing and an empty directory are refused by check and by start", async () => {
  using place = new TestPlace({});
  const empty = await check(place);
  expect([empty.code, empty.stdout]).toEqual([6, expect.stringContaining("it holds no service definition")]);
  expect((await place.launch()).code).toBe(6);
  expect((await check(place, "--allow-empty")).code).toBe(0);
  const missing = await run([BINARY, "check", place.path("missing")]);
  expect([missing.code, missing.stdout]).toEqual([6, expect.stringContaining("no such file or directory")]);
  await using supervisor = await place.start({ args: ["--allow-empty"] });
  expect(await supervisor.services()).toEqual([]);
});

test("a file and a directory that cannot be read are named", async () => {
  using place = new TestPlace({ "good.toml": SLEEPER, "secret.toml": SLEEPER });
  chmodSync(place.directory, 0o755);
  chmodSync(`${place.config}/secret.toml`, 0);
  const { code, stdout } = await run(asOrdinaryUser([BINARY, "check", place.config]));
  expect(stdout).toContain(`${place.config}/secret.toml:1:1: cannot read "secret.toml": permission denied`);
  expect(code).toBe(6);
  chmodSync(place.config, 0);
  const closed = await run(asOrdinaryUser([BINARY, "check", place.config]));
  chmodSync(place.config, 0o755);
  expect(closed.stdout).toContain(": permission denied");
  expect(closed.code).toBe(6);
});

test.skipIf(needsRoot)("root does not believe a definition or a directory that others may write", async () => {
  using place = new TestPlace({ "open.toml": SLEEPER, "good.toml": SLEEPER });
  chmodSync(`${place.config}/open.toml`, 0o666);
  const { code, stdout } = await check(place);
  expect(code).toBe(6);
  expect(stdout).toContain(
    `${place.config}/open.toml:1:1: cannot read "open.toml": everybody may write it (mode 0666)`,
  );
  chmodSync(`${place.config}/open.toml`, 0o644);
  chmodSync(place.config, 0o777);
  expect((await place.launch()).stderr).toContain("everybody may write it (mode 0777)");
});

test("a link to a definition is one; a link to nothing and a directory of that name are problems", async () => {
  using place = new TestPlace({});
  mkdirSync(place.path("elsewhere"));
  writeFileSync(place.path("elsewhere", "real"), SLEEPER, { mode: 0o644 });
  symlinkSync(place.path("elsewhere", "real"), `${place.config}/linked.toml`);
  await using supervisor = await place.start();
  expect((await supervisor.until("linked", (view) => view.state === "up")).name).toBe("linked");
  symlinkSync("nothing", `${place.config}/dangling.toml`);
  mkdirSync(`${place.config}/folder.toml`);
  const { code, stdout } = await check(place);
  expect(code).toBe(6);
  expect(stdout).toContain('cannot read "dangling.toml": it is a symbolic link to nothing');
  expect(stdout).toContain('cannot read "folder.toml": it is a directory, want a regular file');
});

test("names that mean two things, or none, are refused", async () => {
  using place = new TestPlace({ "web.toml": SLEEPER, "web.yaml": "command: sleep 1000\n", "a b.toml": SLEEPER });
  place.write("daemonsup.yaml", "command: sleep 1000\n");
  const { code, stdout } = await check(place);
  expect(code).toBe(6);
  expect(stdout).toContain(`web.yaml:1:1: cannot define service "web": "${place.config}/web.toml" defines it too`);
  expect(stdout).toContain('cannot define service "a b"');
  expect(stdout).toContain('cannot define service "daemonsup"');
});

test("two services that rotate the same log file in different ways are named", async () => {
  using place = new TestPlace({});
  const write = (name: string, keep: number): void =>
    place.write(`${name}.toml`, program(["true"], `[log]\nfile = "${place.path("x")}"\nkeep = ${keep}`));
  write("one", 3);
  write("two", 4);
  const { code, stdout } = await check(place);
  expect(code).toBe(6);
  expect(stdout).toContain(`is written by "${place.config}/one.toml" as well`);
  expect(stdout).toContain('with another "keep"');
  write("two", 3);
  expect((await check(place)).code).toBe(0);
});

test("bytes that are not UTF-8 are found with their place", async () => {
  using place = new TestPlace({});
  writeFileSync(`${place.config}/bytes.toml`, Buffer.from('description = ""\ncommand = "\xff"', "latin1"));
  expect((await check(place)).stdout).toContain(`bytes.toml:2:12: cannot read "bytes.toml": byte 0xff is not UTF-8`);
});
