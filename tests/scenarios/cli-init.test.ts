import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programsIn } from "../../src/cli/programs-here.ts";
import { HELLO, renderDefinition, renderSettings } from "../../src/cli/starter-files.ts";
import { BINARY, run, TestPlace, TestSupervisor } from "./test-supervisor.ts";

/** A directory where a user is at work; the program is run in it. */
function workplace(files: Readonly<Record<string, string>>) {
  const place = new TestPlace({});
  const cwd = place.path("work");
  mkdirSync(cwd);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const command = (...words: readonly string[]) => run(["env", "-C", cwd, BINARY, ...words]);
  return { place, cwd, command, [Symbol.dispose]: () => place[Symbol.dispose]() };
}

test("init makes definitions that are sound and run as they are", async () => {
  using at = workplace({});
  const made = await at.command("init");
  expect([made.code, made.stderr]).toEqual([0, ""]);
  expect(made.stdout).toStartWith("services.d: made daemonsup.toml, hello.toml\n");
  expect((await at.command("check")).stdout).toBe("services.d: 1 service, no problems\n");
  for (const file of ["daemonsup.toml", "hello.toml"])
    at.place.write(file, readFileSync(join(at.cwd, "services.d", file), "utf8").replace("[defaults.environment]", ""));
  await using supervisor = await TestSupervisor.connect((await at.place.start()).place);
  expect((await supervisor.until("hello", ({ state }) => state === "up")).description).toBe(HELLO.description);
  await supervisor.line("hello", (text) => /\d\d:\d\d:\d\d/.test(text));
});

test("init takes the processes of a Procfile, and what they need to be found", async () => {
  using at = workplace({
    Procfile: "# a comment\nweb: my-own-server --port $PORT ${X}\nworker: sleep 1000\nno process\n",
  });
  const bin = join(at.cwd, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "my-own-server"), "#!/bin/sh\nexec sleep 1000\n");
  chmodSync(join(bin, "my-own-server"), 0o755);
  const made = await run(["env", "-C", at.cwd, BINARY, "init", "defs"], { PATH: `${bin}:${process.env["PATH"]}` });
  expect(made.stdout).toStartWith("defs: made daemonsup.toml, web.toml, worker.toml (services from Procfile)\n");
  expect((await at.command("check", "defs")).stdout).toBe("defs: 2 services, no problems\n");
  const web = readFileSync(join(at.cwd, "defs/web.toml"), "utf8");
  expect(web).toContain('command = ["/bin/sh", "-c", "my-own-server --port $PORT $${X}"]\n');
  expect(web).toContain(`PATH = "${bin}:`);
  const worker = readFileSync(join(at.cwd, "defs/worker.toml"), "utf8");
  expect(worker).toContain('command = ["sleep", "1000"]\n');
  expect(worker).not.toContain("PATH");
});

test("init changes nothing that is there", async () => {
  using at = workplace({});
  mkdirSync(join(at.cwd, "services.d"));
  writeFileSync(join(at.cwd, "services.d/mine.toml"), "x");
  const refused = await at.command("init");
  expect(refused).toEqual({
    code: 1,
    stdout: "",
    stderr: 'cannot make "services.d": it is there already, and not empty (mine.toml)\n',
  });
  expect(readdirSync(join(at.cwd, "services.d"))).toEqual(["mine.toml"]);
  writeFileSync(join(at.cwd, "file"), "");
  expect((await at.command("init", "file/below")).stderr).toStartWith('cannot make "file/below": ');
});

test("what init says could be said is sound, too", async () => {
  const said = (text: string): string => text.replace(/^# (?=\[|\w+ = )/gm, "").replace('group = "adm"\n', "");
  using place = new TestPlace({ "hello.toml": said(renderDefinition(HELLO)).replace(/^(user|directory) = .*/gm, "") });
  writeFileSync(join(place.config, "daemonsup.toml"), said(renderSettings()));
  expect((await run([BINARY, "check", place.config])).stdout).toBe(`${place.config}: 1 service, no problems\n`);
});

test("a package.json says how its project is started", () => {
  using at = workplace({ "package.json": '{ "name": "@team/shop", "scripts": { "start": "x" } }' });
  expect(programsIn(at.cwd)).toEqual([{ name: "shop", command: ["npm", "run", "start"], source: "package.json" }]);
  writeFileSync(join(at.cwd, "bun.lock"), "");
  expect(programsIn(at.cwd)[0]?.command).toEqual(["bun", "run", "start"]);
  writeFileSync(join(at.cwd, "package.json"), "{ not JSON");
  expect(programsIn(at.cwd)).toEqual([]);
});
