/* What hooks are told of the end of a run, and what is done about a failure. */
import { describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { TestPlace, TestSupervisor, signalProcess } from "./test-supervisor.ts";

const MANUAL = 'start = "manual"';
const NEVER = '[restart]\npolicy = "never"\n[limits]\ncore = 0';
const AFTER_STOP = '[hooks]\nafter_stop = ["sh", "-c", "echo result $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS"]';

/** How a service is defined that ends in this way, and what its after_stop hook is told. */
const ENDS: Readonly<Record<string, readonly [definition: string, told: string]>> = {
  "that fails": [shell("exit 3", `${AFTER_STOP}\n${NEVER}`), "result exit-code exited 3"],
  "that succeeds": [shell("exit 0", `${AFTER_STOP}\n${NEVER}`), "result success exited 0"],
  "that is killed": [shell("kill -KILL $$", `${AFTER_STOP}\n${NEVER}`), "result signal killed KILL"],
  "that ends by the signal of a stop": [
    shell("kill -TERM $$", `${AFTER_STOP}\n${NEVER}`),
    "result success killed TERM",
  ],
  "that is a oneshot and fails": [shell("exit 4", `type = "oneshot"\n${AFTER_STOP}`), "result exit-code exited 4"],
  "that is a oneshot and succeeds": [shell("exit 0", `type = "oneshot"\n${AFTER_STOP}`), "result success exited 0"],
  "that is not ready in time": [
    program(["sleep", "1000"], `${AFTER_STOP}\n${NEVER}\n[ready]\nlog = "never"\ntimeout = "50ms"`),
    "result timeout killed TERM",
  ],
  "whose before_start hook fails": [
    program(["sleep", "1000"], `${AFTER_STOP}\nbefore_start = ["false"]\n${NEVER}`),
    "result exit-code",
  ],
  "whose after_start hook fails": [
    program(["sleep", "1000"], `${AFTER_STOP}\nafter_start = ["false"]\n${NEVER}`),
    "result exit-code killed TERM",
  ],
  "that never becomes a daemon": [
    shell("exit 5", `type = "forking"\npid_file = "/nowhere.pid"\n${AFTER_STOP}\n${NEVER}`),
    "result exit-code exited 5",
  ],
};

describe("the after_stop hook of a service", () => {
  const names = Object.keys(ENDS).map((_, index) => `end-${index}`);

  test("is told how it ended, whatever that was and whatever its type", async () => {
    const files = Object.values(ENDS).map(([definition], index) => [`${names[index]}.toml`, definition] as const);
    await using supervisor = await TestSupervisor.start(Object.fromEntries(files));
    for (const [index, [what, [, told]]] of Object.entries(ENDS).entries()) {
      const line = await supervisor.line(names[index] ?? "", (text) => text.startsWith("result"));
      expect(`${what}: ${line.trimEnd()}`).toBe(`${what}: ${told}`);
    }
  });

  test("is told of a stop that was asked for, and of one that had to be forced", async () => {
    await using supervisor = await TestSupervisor.start({
      "asked.toml": program(["sleep", "1000"], AFTER_STOP),
      "forced.toml": shell('trap "" TERM; echo set; exec sleep 1000', `${AFTER_STOP}\n[stop]\ntimeout = "50ms"`),
    });
    await supervisor.line("forced", (text) => text === "set");
    await supervisor.until("asked", (view) => view.state === "up");
    expect(await supervisor.command("stop", "*")).toMatchObject({ code: 0 });
    const told = (service: string): Promise<string> => supervisor.line(service, (text) => text.startsWith("result"));
    expect(await told("asked")).toBe("result success killed TERM");
    expect(await told("forced")).toBe("result signal killed KILL");
  });

  test("runs after each run of a service that is restarted", async () => {
    await using supervisor = await TestSupervisor.start({
      "web.toml": shell("exit 3", `${AFTER_STOP}\n[restart]\ndelay = "10ms"\nlimit = { count = 2, within = "1m" }`),
    });
    await supervisor.until("web", (view) => view.state === "failed");
    const texts = await supervisor.lines("web", (lines) => lines.length === 3);
    expect(new Set(texts)).toEqual(new Set(["result exit-code exited 3"]));
  });
});

describe("a failure", () => {
  const VARIABLES = ["UNIT", "SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS"].map((name) => `$MONITOR_${name}`).join(" ");

  test("runs the command of on_failure, which is told of it, with the output of the service", async () => {
    const tell = `echo "failed: ${VARIABLES} $MONITOR_INVOCATION_ID"`;
    await using supervisor = await TestSupervisor.start({
      "web.toml": shell(
        "echo $INVOCATION_ID; exit 3",
        `[hooks]\non_failure = ${JSON.stringify(["sh", "-c", tell])}\n${NEVER}`,
      ),
    });
    const [invocation, told] = await supervisor.lines("web", (lines) => lines.length === 2);
    expect(invocation).toMatch(/^[0-9a-f]{32}$/);
    expect(told).toBe(`failed: web exit-code exited 3 ${invocation}`);
  });

  test("starts the other service of on_failure, which is told of it, each time", async () => {
    const tell = `echo "${VARIABLES} $MONITOR_INVOCATION_ID"`;
    await using supervisor = await TestSupervisor.start({
      "web.toml": shell(
        "echo $INVOCATION_ID; kill -KILL $$",
        `${MANUAL}\n[hooks]\non_failure = { start = "alarm" }\n${NEVER}`,
      ),
      "alarm.toml": shell(tell, `type = "oneshot"\n${MANUAL}`),
    });
    for (const count of [1, 2]) {
      await supervisor.command("start", "web");
      const told = await supervisor.lines("alarm", (lines) => lines.length >= count);
      const invocations = await supervisor.lines("web", (lines) => lines.length >= count);
      expect(told.at(-1)).toBe(`web signal killed KILL ${invocations.at(-1)}`);
      await supervisor.until("alarm", (view) => view.state === "done");
    }
    // Started by hand it is told of nothing.
    expect(await supervisor.command("restart", "alarm")).toMatchObject({ code: 0 });
    expect((await supervisor.lines("alarm", (lines) => lines.length >= 3)).at(-1)?.trim()).toBe("");
  });

  test("is none where a service ends well, or is stopped", async () => {
    const alarm = '[hooks]\non_failure = { start = "alarm" }';
    await using supervisor = await TestSupervisor.start({
      "fine.toml": shell("exit 0", `${MANUAL}\n${alarm}\n${NEVER}`),
      "stopped.toml": program(["sleep", "1000"], `${MANUAL}\n${alarm}`),
      "failing.toml": shell("exit 1", `${MANUAL}\n${alarm}\n${NEVER}`),
      "alarm.toml": shell("echo $MONITOR_UNIT", `type = "oneshot"\n${MANUAL}`),
    });
    for (const words of [
      ["start", "fine"],
      ["start", "stopped"],
      ["stop", "stopped"],
    ])
      await supervisor.command(...words);
    await supervisor.command("start", "failing");
    expect(await supervisor.lines("alarm", (lines) => lines.length > 0)).toEqual(["failing"]);
  });

  test("is dealt with to the end, also if the service is stopped meanwhile, and nothing of that stays open", async () => {
    const place = new TestPlace({});
    const script = `until [ -e "${place.path("go")}" ]; do sleep 0.01; done; echo told "<$NOTIFY_SOCKET>"`;
    const hook = `[hooks]\non_failure = ${JSON.stringify(["sh", "-c", `echo begun; ${script}`])}`;
    place.write(
      "web.toml",
      shell("exit 3", `notify_access = "all"\n${hook}\n[restart]\ndelay = "1h"\nmax_delay = "1h"`),
    );
    await using supervisor = await place.start();
    await supervisor.until("web", (view) => view.state === "backoff");
    await supervisor.line("web", (text) => text === "begun");
    expect(await supervisor.command("stop", "web")).toMatchObject({ code: 0 });
    expect(readdirSync(place.path("run", "notify"))).toEqual([]);
    writeFileSync(place.path("go"), "");
    expect(await supervisor.line("web", (text) => text.startsWith("told"))).toBe("told <>");
  });

  test("does not start what an operator has stopped", async () => {
    await using supervisor = await TestSupervisor.start({
      "web.toml": program(["sleep", "1000"], `[hooks]\non_failure = { start = "alarm" }\n[restart]\ndelay = "10ms"`),
      "alarm.toml": program(["sleep", "1000"]),
    });
    const { pid } = await supervisor.until("web", (view) => view.state === "up");
    await supervisor.until("alarm", (view) => view.state === "up");
    expect(await supervisor.command("stop", "alarm")).toMatchObject({ code: 0 });
    signalProcess(pid, "SIGKILL");
    await supervisor.until("web", (view) => view.state === "up" && view.restarts === 1);
    expect(await supervisor.service("alarm")).toMatchObject({ state: "down", want: "down" });
  });
});

test("a oneshot that fails is run as often as its limit says, while those that need it wait", async () => {
  await using supervisor = await TestSupervisor.start({
    "migrate.toml": shell(
      "echo run; exit 1",
      'type = "oneshot"\n[restart]\npolicy = "on-failure"\ndelay = "10ms"\nlimit = { count = 2, within = "1m" }',
    ),
    "app.toml": program(["sleep", "1000"], 'requires = ["migrate"]'),
  });
  const view = await supervisor.until("migrate", (now) => now.state === "failed");
  expect(view).toMatchObject({ restarts: 2, message: "exited 1; given up: restarted 2 times within 60s" });
  expect(await supervisor.lines("migrate", (lines) => lines.length === 3)).toEqual(["run", "run", "run"]);
  const app = await supervisor.until("app", (now) => now.message?.includes("given up") === true);
  expect(app).toMatchObject({ state: "waiting", pid: null });
});
