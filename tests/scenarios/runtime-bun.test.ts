/* Services that are scripts, run by the runtime inside this very binary. */
import { expect, test } from "bun:test";
import { BINARY, TestPlace } from "./test-supervisor.ts";

test("a script is the main one, and what it starts is not taken for the runtime", async () => {
  const place = new TestPlace({});
  place.write(
    "script.ts",
    `const run = (...words: string[]) => Bun.spawnSync(words, { stdout: "pipe", stderr: "ignore" }).stdout.toString();
     console.log("main", import.meta.main, JSON.stringify(process.env["BUN_BE_BUN"]));
     console.log("env", run("sh", "-c", 'echo "<$BUN_BE_BUN>"').trim());
     console.log("child", run(${JSON.stringify(BINARY)}, "help").includes("daemonsup --config"));
     await Bun.sleep(2 ** 30);`,
  );
  const service = (more: string): string => `command = ["script.ts"]\nruntime = "bun"\n${more}`;
  place.write("web.toml", service(""));
  place.write("own.toml", service('environment = { BUN_BE_BUN = "own" }'));
  await using supervisor = await place.start();
  expect(await supervisor.lines("web", (lines) => lines.length === 3)).toEqual([
    'main true ""',
    "env <>",
    "child true",
  ]);
  expect((await supervisor.lines("own", (lines) => lines.length === 3)).slice(0, 2)).toEqual([
    'main true "own"',
    "env <own>",
  ]);
});
