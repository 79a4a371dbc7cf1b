import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { RunningCommand } from "./running-command.ts";
import { BINARY, TestPlace, TestSupervisor, run } from "./test-supervisor.ts";

/** Says a line for each that is written to its FIFO. */
async function startEcho(...names: readonly string[]): Promise<TestSupervisor> {
  const place = new TestPlace({});
  for (const name of names) {
    const fifo = place.path(`${name}.fifo`);
    const script = `rm -f ${fifo}; mkfifo ${fifo}; exec 0<> ${fifo}; echo ready; exec cat`;
    place.write(`${name}.toml`, shell(script, "[stop]\ntimeout = '1s'"));
  }
  const supervisor = await place.start();
  for (const name of names) await supervisor.line(name, (text) => text === "ready");
  return supervisor;
}

function say(supervisor: TestSupervisor, name: string, text: string): void {
  writeFileSync(supervisor.place.path(`${name}.fifo`), `${text}\n`, { flag: "r+" });
}

function follow(supervisor: TestSupervisor, ...words: readonly string[]): RunningCommand {
  return new RunningCommand([BINARY, "logs", "-f", ...words], { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime });
}

const withoutTime = (line: string | null): string | undefined => line?.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z /, "");

test("logs shows the last lines with their times, -n says how many", async () => {
  await using supervisor = await TestSupervisor.start({
    "counter.toml": shell("i=0; while [ $i -lt 150 ]; do echo line $i; i=$((i+1)); done", 'type = "oneshot"'),
  });
  await supervisor.line("counter", (text) => text === "line 149");
  const all = (await supervisor.command("logs", "counter")).stdout.trimEnd().split("\n");
  expect(all.map(withoutTime)).toEqual(Array.from({ length: 100 }, (_, index) => `line ${index + 50}`));
  expect(all[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z line 50$/);
  const three = (await supervisor.command("logs", "-n", "3", "counter")).stdout;
  expect(three.trimEnd().split("\n").map(withoutTime)).toEqual(["line 147", "line 148", "line 149"]);
  expect((await supervisor.command("logs", "-n0", "counter")).stdout).toBe("");
  const refused = await supervisor.command("logs", "-n", "many", "counter");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('cannot read "--lines": got "many"');
});

test("logs shows what a stopped service has said, also after a restart of the supervisor", async () => {
  await using supervisor = await TestSupervisor.start({ "old.toml": shell("echo last words; exec sleep 1000") });
  await supervisor.line("old", () => true);
  await supervisor.command("stop", "old");
  expect((await supervisor.command("logs", "old")).stdout).toEndWith("Z last words\n");
  supervisor.kill("SIGTERM");
  await supervisor.gone();
  await using successor = await supervisor.place.start();
  expect((await successor.command("logs", "old")).stdout).toEndWith("Z last words\n");
  // The file is all that is left, and does not tell.
  expect(await (await successor.request("GET", "/v1/services/old/logs")).json()).toMatchObject({
    pid: null,
    text: "last words",
  });
});

test("logs of several services are in order of time with the name in front; --json has it in each object", async () => {
  await using supervisor = await startEcho("a", "long");
  say(supervisor, "a", "one");
  await supervisor.line("a", (text) => text === "one");
  say(supervisor, "long", "two");
  await supervisor.line("long", (text) => text === "two");
  const { stdout, code } = await supervisor.command("logs", "-n", "1", "a", "l*");
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n").map(withoutTime)).toEqual(["a    one", "long two"]);
  const json = (await supervisor.command("logs", "--json", "-n", "1", "a", "long")).stdout.trimEnd().split("\n");
  // A plain file does not say which stream a line came from.
  expect(json.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { service: "a", stream: null, pid: null, text: "one" },
    { service: "long", stream: null, pid: null, text: "two" },
  ]);
});

test("logs --json has stream, process and priority of each line where its file has them", async () => {
  await using supervisor = await TestSupervisor.start({
    "web.toml": shell("echo out; echo '<4>odd'; echo err >&2; exec sleep 1000", '[log]\nformat = "json"'),
  });
  await supervisor.lines("web", (texts) => texts.length >= 3);
  const { pid } = await supervisor.service("web");
  const { stdout } = await supervisor.command("logs", "--json", "web");
  // The two streams are two pipes: which is read first is nobody's promise.
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly text: string });
  const sorted: readonly unknown[] = lines.toSorted((left, right) => (left.text < right.text ? -1 : 1));
  expect(sorted).toEqual([
    { at: expect.any(String), service: "web", stream: "stderr", pid, priority: "err", text: "err", cut: false },
    { at: expect.any(String), service: "web", stream: "stdout", pid, priority: "warning", text: "odd", cut: false },
    { at: expect.any(String), service: "web", stream: "stdout", pid, priority: "info", text: "out", cut: false },
  ]);
  const texts = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await supervisor.command("logs", "web", ...words)).stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(25))
      .toSorted();
  expect(await texts("--stream", "stderr")).toEqual(["err"]);
  expect(await texts("--priority", "warning")).toEqual(["err", "odd"]);
  expect(await texts("-p3")).toEqual(["err"]);
});

test("logs of an unknown name end with 5, and those of the others are shown", async () => {
  await using supervisor = await startEcho("web");
  const { code, stdout, stderr } = await supervisor.command("logs", "wbe", "web");
  expect(code).toBe(5);
  expect(stderr).toContain('cannot show "wbe": no such service (did you mean "web"?)');
  expect(stdout).toContain("ready");
});

test("logs -f goes on with new lines, over a restart of the service, until it is interrupted", async () => {
  await using supervisor = await startEcho("web");
  await using following = follow(supervisor, "-n", "1", "web");
  await following.says("stdout", /^\S+Z ready\n$/);
  say(supervisor, "web", "new");
  await following.says("stdout", /ready\n\S+Z new\n$/);
  await supervisor.command("restart", "web");
  await following.says("stdout", /new\n\S+Z ready\n$/);
  following.kill("SIGINT");
  await following.ended;
  expect(following.stderr).toBe("");
});

test("logs -f of two services shows both with their names", async () => {
  await using supervisor = await startEcho("a", "b");
  await using following = follow(supervisor, "-n", "1", "*");
  await following.says("stdout", /^a \S+Z ready$/m);
  await following.says("stdout", /^b \S+Z ready$/m);
  say(supervisor, "b", "news");
  await following.says("stdout", /^b \S+Z news$/m);
});

test("logs -f into head ends quietly", async () => {
  await using supervisor = await TestSupervisor.start({ "chatter.toml": program(["yes"], "[log]\nto = []") });
  await supervisor.line("chatter", () => true);
  const words = ["bash", "-c", 'set -o pipefail; "$0" logs -f chatter | head -n 3', BINARY];
  const { code, stdout, stderr } = await run(words, { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime });
  expect(stderr).toBe("");
  expect(stdout.split("\n").map((line) => line.slice(-2))).toEqual([" y", " y", " y", ""]);
  expect(code).toBe(0);
});

test("logs -f of a service that writes faster than can be read goes on, and says how many lines are missing", async () => {
  await using supervisor = await TestSupervisor.start({ "chatter.toml": program(["yes"], "[log]\nto = []") });
  // Whoever looks at all that has come again and again gets ever slower.
  const next = "/ lines are missing here/ { isMissing = 1; next } isMissing { print; exit }";
  const words = ["bash", "-c", `"$0" logs -f chatter | awk '${next}'`, BINARY];
  const { stdout, stderr } = await run(words, { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime });
  expect([stdout, stderr]).toEqual([expect.stringMatching(/Z y\n$/), ""]);
});

test("logs -f says so and fails when the supervisor ends", async () => {
  await using supervisor = await startEcho("web");
  await using following = follow(supervisor, "web");
  await following.says("stdout", /ready\n$/);
  supervisor.kill("SIGKILL");
  const { code } = await following.ended;
  expect(following.stderr).toContain("the supervisor has closed the connection");
  expect(code).toBe(1);
});
