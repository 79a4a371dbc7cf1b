import { expect, test } from "bun:test";
import { shell } from "./definitions.ts";
import { TestSupervisor } from "./test-supervisor.ts";

test("a pid file that is a FIFO does not hold the supervisor up", async () => {
  await using supervisor = await TestSupervisor.start({
    "trap.toml": shell("mkfifo $PID_FILE; setsid sleep 1000 &", FORKING),
    "other.toml": shell("exec sleep 1000"),
  });
  const trapped = await supervisor.until("trap", ({ pid }) => pid === null);
  expect(trapped.state).toBe("starting");
  expect(trapped.message).toContain("to name its main process");
  expect((await supervisor.command("restart", "other")).code).toBe(0);
  expect((await supervisor.command("stop", "trap")).code).toBe(0);
});

test("a pid file that names a grandchild is not believed, as nobody would hear of its end", async () => {
  const script = "( setsid sh -c 'sleep 1000 & echo $! > \"$PID_FILE\"; echo named; wait' ) &";
  await using supervisor = await TestSupervisor.start({ "family.toml": shell(script, FORKING) });
  await supervisor.line("family", (text) => text === "named");
  expect(await supervisor.service("family")).toMatchObject({ state: "starting", pid: null });
});

/** The definition's directory is the place's services.d, so the file lies beside it. */
const FORKING = [
  'type = "forking"',
  'pid_file = "the.pid"',
  'environment = { PID_FILE = "the.pid" }',
  'directory = "."',
].join("\n");
