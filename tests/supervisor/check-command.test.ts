import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { millis } from "../../src/core/units.ts";
import { type CheckResult, MOST_CHECK_OUTPUT } from "../../src/supervisor/check-result.ts";
import { Checks } from "../../src/supervisor/checks.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { statFieldOf, until } from "../os/spawn-kit.ts";
import { realCommands } from "./real-commands.ts";

type World = ReturnType<typeof realCommands>;

const DEFINITION = literalDefinition({ name: "web", environment: { GREETING: "hello" }, directory: "/usr" });

/** Begins a check by a command of the shell. */
function begin(world: World, script: string) {
  const checks = new Checks(world);
  const result = Promise.withResolvers<CheckResult>();
  const check = { tag: "command" as const, command: ["/bin/sh", "-c", script] };
  const request = { definition: DEFINITION, check, mainPid: 4711, timeout: millis(1_500) };
  const cancel = checks.attempt(request, (found) => result.resolve(found));
  return { result: result.promise, cancel };
}

async function resultOf(script: string): Promise<CheckResult> {
  await using world = realCommands();
  return await begin(world, script).result;
}

/** true if the process has ended, reaped or not. */
function isGone(pid: number): boolean {
  return ["gone", "Z", "X"].includes(statFieldOf(pid, 3));
}

/** The numbers in a file of as many lines, once it has them. */
async function numbersIn(path: string, count: number): Promise<readonly number[]> {
  const lines = (): string[] => (existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : []);
  await until(`${count} lines in ${path}`, () => lines().length === count);
  return lines().map(Number);
}

describe("a check by a command", () => {
  test.each([
    ["echo one; echo two >&2", { ok: true, detail: "exited 0: two", output: "one\ntwo\n" }],
    ["exit 0", { ok: true, detail: "exited 0", output: "" }],
    ["echo ' no such table '; exit 3", { ok: false, detail: "exited 3: no such table", output: " no such table \n" }],
    ["exit 1", { ok: false, detail: "exited 1", output: "" }],
    ["kill -9 $$", { ok: false, detail: "killed by SIGKILL", output: "" }],
  ])("that runs %j", async (script, result) => expect(await resultOf(script)).toEqual(result));

  test("runs in the surroundings of the service", async () => {
    const script = "echo $GREETING $MAINPID $DAEMONSUP_SERVICE; pwd; cat /proc/self/stat | cut -d' ' -f6; echo $$";
    const [greeting, directory, session, pid] = (await resultOf(script)).output.split("\n");
    expect([greeting, directory, session]).toEqual(["hello 4711 web", "/usr", pid]);
  });

  test("fails if its program cannot be run", async () => {
    await using world = realCommands();
    const checks = new Checks(world);
    const outcome = (command: string): Promise<CheckResult> =>
      new Promise((resolve) => {
        const check = { tag: "command" as const, command: [command] };
        checks.attempt({ definition: DEFINITION, check, mainPid: 1, timeout: millis(1_000) }, resolve);
      });
    expect(await outcome("/nowhere/x")).toEqual({ ok: false, detail: "exec failed: ENOENT: /nowhere/x", output: "" });
    expect((await outcome("there-is-no-such-program")).ok).toBe(false);
  });

  test("keeps the end of what it says, and says nothing in the log of the service", async () => {
    await using world = realCommands();
    const { detail, output } = await begin(world, "seq 1 200000").result;
    expect(detail).toBe("exited 0: 200000");
    expect(output).toHaveLength(MOST_CHECK_OUTPUT);
    expect(output).toEndWith("\n199999\n200000\n");
    expect(await world.plane.tail("web", 10)).toEqual([]);
  });

  test("does not wait for what it has left behind with its output", async () => {
    await using world = realCommands();
    const file = join(world.directory, "pid");
    const stay = `setsid sh -c 'echo $$ > ${file}; exec sleep 1000'`;
    const { detail } = await begin(world, `${stay} & while [ ! -s ${file} ]; do :; done; cat ${file}`).result;
    const left = Number(detail.split(" ").at(-1));
    expect(isGone(left)).toBe(false);
    process.kill(left, "SIGKILL");
  });

  test("that takes too long is killed with all its children, whatever session they are in", async () => {
    await using world = realCommands();
    const file = join(world.directory, "pids");
    const deep = `setsid sh -c 'echo $$ >> ${file}; setsid sh -c "echo \\$\\$ >> ${file}; sleep 1000"'`;
    const { result } = begin(world, `echo $$ >> ${file}; echo at it; ${deep} & sleep 1000`);
    const pids = await numbersIn(file, 3);
    world.pass(1_500);
    expect(await result).toEqual({ ok: false, detail: "took longer than 1.5s: at it", output: "at it\n" });
    await until("all of it gone", () => pids.every(isGone));
  });

  test("that is called off is killed, and concludes nothing", async () => {
    await using world = realCommands();
    const file = join(world.directory, "pids");
    const { result, cancel } = begin(world, `echo $$ >> ${file}; sleep 1000`);
    let isConcluded = false;
    void result.then(() => (isConcluded = true));
    const pids = await numbersIn(file, 1);
    cancel();
    await until("it is gone", () => pids.every(isGone));
    await until("nothing is at work", () => world.commands.isIdle);
    expect(isConcluded).toBe(false);
  });

  test("leaves no descriptor behind", async () => {
    await using world = realCommands();
    await begin(world, "echo first").result;
    // The Worker of the logs begins meanwhile, and has pipes of its own from then on.
    await world.plane.flush();
    const before = pipesOpen();
    for (let time = 0; time < 5; time++) await begin(world, "seq 1 10000").result;
    expect(pipesOpen()).toBe(before);
  });
});

function pipesOpen(): number {
  return readdirSync("/proc/self/fd").filter((fd) => isPipe(fd)).length;
}

function isPipe(fd: string): boolean {
  try {
    return statSync(`/proc/self/fd/${fd}`).isFIFO();
  } catch {
    return false; // closed since the directory was read
  }
}
