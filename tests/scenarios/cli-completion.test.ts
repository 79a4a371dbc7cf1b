import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { program } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { BINARY, type CommandResult, run, TestPlace, TestSupervisor } from "./test-supervisor.ts";

const STAYS = program(["sleep", "1000"]);

/** What is offered for the last word of a line, without what is said of it. */
async function offered(supervisor: TestSupervisor, ...words: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await supervisor.command("completion", "candidates", "--", ...words);
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[0] ?? ""]));
}

describe("completion", () => {
  test("offers the services that there are, with what is known of them", async () => {
    await using supervisor = await TestSupervisor.start({
      "web.toml": `${STAYS}description = "Public \\u001b[31m API"\n`,
      "worker@.toml": `${STAYS}instances = 2\n`,
      "backup.toml": program(["true"], 'type = "oneshot"\nstart = "manual"'),
    });
    expect(await offered(supervisor, "stop", "")).toEqual(["backup", "web", "worker@1", "worker@2"]);
    expect(await offered(supervisor, "run", "")).toEqual(["backup"]);
    expect(await offered(supervisor, "stop", "wor")).toEqual(["worker@1", "worker@2"]);
    expect(await offered(supervisor, "scale", "w")).toEqual(["worker"]);
    expect(await offered(supervisor, "scale", "worker", "")).toEqual([]);
    expect(await offered(supervisor, "signal", "HUP", "web", "w")).toEqual(["worker@1", "worker@2"]);
    expect((await supervisor.command("completion", "candidates", "--", "stop", "web")).stdout).toBe(
      "web\tup, Public  [31m API\n",
    );
    const { runtime } = supervisor.place;
    const elsewhere = { DAEMONSUP_RUNTIME_DIR: "/nowhere" };
    const asked = await run(
      [BINARY, "completion", "candidates", "--", "--runtime-dir", runtime, "stop", "we"],
      elsewhere,
    );
    expect(asked.stdout).toStartWith("web\t");
  });

  test("says nothing, and does not fail, where no supervisor runs", async () => {
    using place = new TestPlace({});
    const words = [BINARY, "completion", "candidates", "--", "stop", ""];
    expect(await run(words, { DAEMONSUP_RUNTIME_DIR: place.runtime })).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

/** Runs a script of a shell that finds the program in PATH, as a user's shell does. */
async function inShell(supervisor: TestSupervisor, shell: readonly string[]): Promise<CommandResult> {
  const bin = supervisor.place.path("bin");
  mkdirSync(bin);
  symlinkSync(BINARY, `${bin}/daemonsup`);
  const env = {
    PATH: `${bin}:${process.env["PATH"]}`,
    HOME: supervisor.place.directory,
    DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime,
  };
  return await run(shell, env);
}

async function withServices(): Promise<TestSupervisor> {
  return await TestSupervisor.start({ "web.toml": STAYS, "worker@.toml": `${STAYS}instances = 2\n` });
}

const BASH = `source <(daemonsup completion bash)
offer() { COMP_LINE="$1" COMP_POINT=\${#1}; _daemonsup; echo "$1:" "\${COMPREPLY[@]}"; }
offer "daemonsup stat"; offer "daemonsup stop w"; offer "daemonsup stop worker@"
offer "daemonsup graph --format=d"; offer "daemonsup check /proc/self/ne"; offer "daemonsup stop web "`;

const needsBash = skipReason("completion in bash", [[Bun.which("bash") !== null, "there is no bash"]]);
test.skipIf(needsBash !== null)("bash completes what it cuts at @ and = as well", async () => {
  await using supervisor = await withServices();
  const { stdout, stderr } = await inShell(supervisor, ["bash", "--norc", "-c", BASH]);
  expect(stderr).toBe("");
  expect(stdout.split("\n")).toEqual([
    "daemonsup stat: status",
    "daemonsup stop w: web worker@1 worker@2",
    "daemonsup stop worker@: 1 2",
    "daemonsup graph --format=d: dot",
    "daemonsup check /proc/self/ne: /proc/self/net",
    "daemonsup stop web : worker@1 worker@2",
    "",
  ]);
});

// zsh completes on a terminal only: what its own function is handed is looked at instead.
const ZSH = `autoload -Uz compinit; compinit -u -D
source <(daemonsup completion zsh); print $_comps[daemonsup]
_describe() { print -l -- "\${candidates[@]}" }; _files() { print files "$@" }; compset() { }
words=(daemonsup stop w) CURRENT=3; _daemonsup
words=(daemonsup check /e) CURRENT=3; _daemonsup`;

const needsZsh = skipReason("completion in zsh", [[Bun.which("zsh") !== null, "there is no zsh"]]);
test.skipIf(needsZsh !== null)("zsh is told what each candidate means", async () => {
  await using supervisor = await withServices();
  const { stdout, stderr } = await inShell(supervisor, ["zsh", "-f", "-c", ZSH]);
  expect(stderr).toBe("");
  expect(stdout.split("\n")).toEqual(["_daemonsup", "web:up", "worker@1:up", "worker@2:up", "files -/", ""]);
});

const FISH = `daemonsup completion fish | source
complete --do-complete "daemonsup stop w"; complete --do-complete "daemonsup graph --format "
complete --do-complete "daemonsup check /proc/self/ne"`;

const needsFish = skipReason("completion in fish", [[Bun.which("fish") !== null, "there is no fish"]]);
test.skipIf(needsFish !== null)("fish completes by itself", async () => {
  await using supervisor = await withServices();
  const { stdout, stderr } = await inShell(supervisor, ["fish", "--no-config", "-c", FISH]);
  expect(stderr).toBe("");
  expect(stdout.split("\n")).toEqual([
    "web\tup",
    "worker@1\tup",
    "worker@2\tup",
    "text",
    "dot",
    "mermaid",
    "/proc/self/net/",
    "",
  ]);
});
