import { expect, test } from "bun:test";
import { program, shell } from "./definitions.ts";
import { RunningCommand } from "./running-command.ts";
import { Terminal, noTerminal } from "./terminal.ts";
import { BINARY, TestPlace, TestSupervisor } from "./test-supervisor.ts";

const skip = noTerminal("waiting at a terminal") !== null;
const MANUAL = 'start = "manual"';
const SLOW_BACKOFF = '[restart]\ndelay = "1h"\nmax_delay = "1h"';

test("a start of something that crashes tells so at once, with what it said last", async () => {
  const script = "echo opening; echo cannot open the database >&2; exit 3";
  await using supervisor = await TestSupervisor.start({ "web.toml": shell(script, `${MANUAL}\n${SLOW_BACKOFF}`) });
  const expected = 'cannot start "web": exited 3; it will be tried again\n  opening\n  cannot open the database\n';
  // The first time it has never run, the second time it has failed before.
  for (const verb of ["start", "start"])
    expect(await supervisor.command(verb, "web")).toEqual({ code: 1, stdout: "", stderr: expected });
  const restarted = await supervisor.command("restart", "--json", "web");
  expect(restarted.code).toBe(1);
  expect(JSON.parse(restarted.stdout)).toMatchObject([
    { result: "failed", message: "exited 3; it will be tried again" },
  ]);
});

test("of what it said only that counts which belongs to this attempt, and of that the last lines", async () => {
  const place = new TestPlace({});
  const script = `n=$(cat ${place.path("n")} 2>/dev/null || echo 0); n=$((n+1)); echo $n > ${place.path("n")}; i=0
    while [ $i -lt 20 ]; do i=$((i+1)); echo attempt $n line $i; done; exit 1`;
  place.write("job.toml", shell(script, `type = "oneshot"\n${MANUAL}`));
  await using supervisor = await place.start();
  for (const attempt of [1, 2]) {
    const { code, stderr } = await supervisor.command(attempt === 1 ? "start" : "run", "job");
    const [head, ...lines] = stderr.trimEnd().split("\n");
    expect([code, head]).toEqual([1, attempt === 1 ? 'cannot start "job": exited 1' : "job: exited 1"]);
    expect(lines.slice(0, -1)).toEqual(
      Array.from({ length: 10 }, (_, index) => `  attempt ${attempt} line ${index + 11}`),
    );
    expect(lines.at(-1)).toBe("  (these are the last lines; all: daemonsup logs job)");
  }
});

test("a start that is not decided in time shows what was said meanwhile", async () => {
  const ready = '[ready]\nlog = "never said"';
  await using supervisor = await TestSupervisor.start({
    "web.toml": shell("echo warming up; exec sleep 1000", `${MANUAL}\n${ready}`),
  });
  await using starting = new RunningCommand([BINARY, "start", "--timeout", "2s", "web"], {
    DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime,
  });
  await supervisor.line("web", (text) => text === "warming up");
  expect((await starting.ended).code).toBe(124);
  expect(starting.stderr).toBe('cannot start "web": not decided within 2s; it goes on\n  warming up\n');
});

test.skipIf(skip)("at a terminal a wait shows what it waits for, and Ctrl-C ends it alone", async () => {
  await using supervisor = await TestSupervisor.start({
    "web.toml": shell("exec sleep 1000", `${MANUAL}\n[ready]\nhttp = "http://127.0.0.1:9/healthz"\ntimeout = "1h"`),
    "app.toml": program(["sleep", "1000"], `${MANUAL}\nrequires = ["web"]`),
  });
  const env = { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime };
  await using terminal = await Terminal.open({ columns: 100, rows: 20, env });
  await terminal.type(`clear; ${BINARY} start app web; echo "ended $?"`);
  const waiting = await terminal.until((text) => /^web: .*, \d+s$/m.test(text) && /^app: .*, \d+s$/m.test(text));
  expect(waiting).toMatch(/^app: waiting, requires "web", which is starting, \d+s$/m);
  expect(waiting).toMatch(/^web: starting, waiting for http 127\.0\.0\.1:9\/healthz \(connection refused\), \d+s$/m);
  await terminal.key("C-c");
  const ended = await terminal.until((text) => /^ended /m.test(text));
  expect(ended.trimEnd().split("\n").slice(0, 2)).toEqual(["interrupted: the start of app, web goes on", "ended 130"]);
  expect((await supervisor.service("web")).state).toBe("starting");
});

test.skipIf(skip)("what has been waited for at a terminal leaves nothing behind but the outcome", async () => {
  const stubborn = shell('trap "" TERM; echo ready; exec sleep 1000', '[stop]\ntimeout = "1h"');
  const place = new TestPlace({ "stubborn.toml": stubborn, "last.toml": stubborn });
  const gate = `echo booting; until [ -e ${place.path("go")} ]; do sleep 0.05; done; echo ready; exec sleep 1000`;
  place.write("w@.toml", shell(gate, 'instances = 0\n[ready]\nlog = "^ready"'));
  await using supervisor = await place.start();
  for (const name of ["stubborn", "last"]) await supervisor.line(name, (text) => text === "ready");
  const env = { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime };
  await using terminal = await Terminal.open({ columns: 60, rows: 20, env });
  const waits: readonly (readonly [string, RegExp, () => Promise<unknown>, string])[] = [
    [
      "stop stubborn",
      /^stubborn: stopping, .*, \d+s$/m,
      () => supervisor.command("signal", "KILL", "stubborn"),
      "stubborn: stopped",
    ],
    [
      "scale w 2",
      /^w@2: starting, .*, \d+s$/m,
      () => Bun.write(place.path("go"), ""),
      "w: 2 instances; started: w@1, w@2",
    ],
    [
      "shutdown",
      /^last: stopping, .*, \d+s$/m,
      () => supervisor.command("signal", "KILL", "last"),
      "the supervisor is gone",
    ],
  ];
  for (const [words, waiting, act, outcome] of waits) {
    await terminal.type(`clear; ${BINARY} ${words}; echo "ended $?"`);
    await terminal.until((text) => waiting.test(text));
    await act();
    const ended = await terminal.until((text) => /^ended /m.test(text));
    expect(ended.split("\n").slice(0, 2)).toEqual([outcome, "ended 0"]);
  }
});
