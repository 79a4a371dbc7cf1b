import { expect, test } from "bun:test";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { signalsOf } from "./process-facts.ts";
import { TestSupervisor, untilTrue } from "./test-supervisor.ts";

test("SIGUSR1 opens log files again that somebody has renamed, and no line is lost", async () => {
  await using supervisor = await TestSupervisor.start({
    "talker.toml": shell(
      "trap 'count=$((count + 1)); echo line $count' USR2; echo ready; sleep 1000 & while :; do wait; done",
    ),
  });
  const { place } = supervisor;
  const own = place.path("log", "daemonsup.log");
  const talker = place.path("log", "talker.log");
  const say = async (line: string, file: string): Promise<void> => {
    expect(await supervisor.command("signal", "USR2", "talker")).toMatchObject({ code: 0 });
    await untilTrue(() => readFileSync(file, "utf8").includes(line));
  };
  await supervisor.line("talker", (text) => text === "ready");
  await say("line 1", talker);
  for (const file of [own, talker]) renameSync(file, `${file}.old`);
  await say("line 2", `${talker}.old`);
  supervisor.kill("SIGUSR1");
  await untilTrue(() => existsSync(own) && existsSync(talker));
  await say("line 3", talker);
  expect(place.read("log", "talker.log")).not.toMatch(/line [12]/);
  expect(place.read("log", "talker.log.old")).toMatch(/line 1\n(.*\n)*.*line 2\n$/);
  expect(place.read("log", "daemonsup.log.old")).toContain("begins");
});

test("SIGPIPE, SIGTTIN, SIGTTOU and SIGTSTP are ignored, and no service inherits that", async () => {
  await using supervisor = await TestSupervisor.start({ "sleeper.toml": program(["sleep", "1000"]) });
  for (const signal of ["SIGPIPE", "SIGTTIN", "SIGTTOU", "SIGTSTP"] as const) supervisor.kill(signal);
  const { pid } = await supervisor.service("sleeper");
  expect(signalsOf(pid ?? 0, "SigIgn")).toEqual([]);
  expect(await supervisor.command("restart", "sleeper")).toMatchObject({ code: 0 });
});
