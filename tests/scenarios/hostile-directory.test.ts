import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { program } from "./definitions.ts";
import { environmentOf } from "./process-facts.ts";
import { BINARY, type CommandResult, TestPlace, TestSupervisor, run } from "./test-supervisor.ts";

/*
 * A directory in which whoever runs the plain runtime is taken over: bunfig.toml loads a script, .env and tsconfig.json
 * change what it does. Everything an operator types is typed in here.
 */
let place: TestPlace;
let supervisor: TestSupervisor;
let started: CommandResult;

beforeAll(async () => {
  place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
  const trap = place.path("trap");
  mkdirSync(trap);
  writeFileSync(
    place.path("trap", "preload.ts"),
    `await Bun.write(${JSON.stringify(place.path("marker"))}, "loaded");\n`,
  );
  writeFileSync(place.path("trap", "bunfig.toml"), 'preload = ["./preload.ts"]\n[run]\npreload = ["./preload.ts"]\n');
  for (const name of [".env", ".env.local", ".env.production", ".env.development"])
    writeFileSync(place.path("trap", name), "DAEMONSUP_RUNTIME_DIR=/hostile\nHOSTILE=yes\nNO_COLOR=hostile\n");
  writeFileSync(
    place.path("trap", "package.json"),
    '{ "name": "hostile", "type": "commonjs", "imports": { "#zod": "./preload.ts" } }',
  );
  writeFileSync(place.path("trap", "tsconfig.json"), '{ "compilerOptions": { "paths": { "*": ["./preload.ts"] } } }');
  started = await place.launch({
    wrapper: ["env", `--chdir=${trap}`],
    env: { XDG_CONFIG_HOME: trap, BUN_INSTALL_CACHE_DIR: trap },
  });
  supervisor = await TestSupervisor.connect(place);
});

afterAll(async () => {
  await supervisor?.[Symbol.asyncDispose]();
  place?.[Symbol.dispose]();
});

test("the trap works: the plain runtime falls into it", async () => {
  using bait = new TestPlace({});
  const script = bait.path("script.ts");
  writeFileSync(script, "process.stdout.write(process.env.HOSTILE ?? 'clean');\n");
  writeFileSync(bait.path("preload.ts"), `await Bun.write(${JSON.stringify(bait.path("marker"))}, "loaded");\n`);
  writeFileSync(bait.path("bunfig.toml"), 'preload = ["./preload.ts"]\n');
  writeFileSync(bait.path(".env"), "HOSTILE=yes\n");
  const fallen = await run(["env", `--chdir=${bait.directory}`, process.execPath, "run", script]);
  expect(fallen.stdout).toBe("yes");
  expect(existsSync(bait.path("marker"))).toBe(true);
});

test("a start in a hostile directory loads nothing of it", () => {
  expect(started).toMatchObject({ code: 0, stderr: "" });
  expect(existsSync(place.path("marker"))).toBe(false);
  expect([...environmentOf(supervisor.supervisorPid).keys()]).not.toContain("HOSTILE");
});

test("no client command loads anything of it, and none is led to another supervisor by it", async () => {
  const inTrap = ["env", `--chdir=${place.path("trap")}`, BINARY];
  const at = ["--runtime-dir", place.runtime];
  for (const words of [
    ["version", ...at],
    ["status", ...at],
    ["check", place.config],
    ["reload", ...at],
    ["restart", "sleeper", ...at],
  ]) {
    const { code, stderr } = await run([...inTrap, ...words]);
    expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: "" });
  }
  const elsewhere = await run([...inTrap, "status", "--json"], { DAEMONSUP_RUNTIME_DIR: place.runtime });
  expect(JSON.parse(elsewhere.stdout)).toMatchObject([{ name: "sleeper", state: "up" }]);
  expect(existsSync(place.path("marker"))).toBe(false);
});

test("services get nothing of it", async () => {
  const { pid } = await supervisor.until("sleeper", (view) => view.state === "up");
  expect([...environmentOf(pid ?? 0).keys()].filter((name) => /^(HOSTILE|BUN_|XDG_)/.test(name))).toEqual([]);
});

test("BUN_OPTIONS of the caller does not reach the daemon, nor a process that it starts to read definitions", async () => {
  using other = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
  const script = other.path("preload.ts");
  // It is loaded in whatever process gets the option, and says in which.
  writeFileSync(
    script,
    `require("node:fs").appendFileSync(${JSON.stringify(other.path("loaded"))}, process.pid + (process.env.DAEMONSUP_ROLE ?? " launcher") + "\\n");\n`,
  );
  await using daemon = await other.start({ env: { BUN_OPTIONS: `--preload ${script}` } });
  other.write("added.toml", program(["sleep", "1000"]));
  daemon.kill("SIGHUP");
  await daemon.event((event) => event.event === "reload");
  const loaded = existsSync(other.path("loaded")) ? other.read("loaded").trimEnd().split("\n") : [];
  // The launcher is the caller's own process, and shows that the trap works.
  expect(loaded).not.toEqual([]);
  expect(loaded.filter((line) => !line.endsWith(" launcher"))).toEqual([]);
  expect([...environmentOf(daemon.pid).keys()]).not.toContain("BUN_OPTIONS");
});
