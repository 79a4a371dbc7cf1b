import { expect, test } from "bun:test";
import type { HistoryLineView, ReportView } from "../../src/core/history-view.ts";
import { program, shell } from "./definitions.ts";
import { TestSupervisor } from "./test-supervisor.ts";

const CALM = program(["sleep", "1000"]);
const NEVER = '[restart]\npolicy = "never"';
/** Counts until the kernel, which counts processor time in ticks, has seen this process use some of its own. */
const UNTIL_USED =
  "until read -r _ _ _ _ _ _ _ _ _ _ _ _ _ used _ < /proc/$$/stat; [ $used -gt 0 ]; do n=0; while [ $n -lt 1000 ]; do n=$((n+1)); done; done";

async function historyOf(supervisor: TestSupervisor, ...words: readonly string[]): Promise<readonly HistoryLineView[]> {
  const { code, stdout, stderr } = await supervisor.command("history", "--json", ...words);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as readonly HistoryLineView[];
}

async function reportOf(supervisor: TestSupervisor, service: string, run = "last"): Promise<ReportView> {
  const { code, stdout, stderr } = await supervisor.command("history", "--json", service, run);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as ReportView;
}

const shown = (lines: readonly HistoryLineView[]): readonly string[] =>
  lines.map(({ service, run, kind, message }) => `${service ?? "-"} ${run ?? "-"} ${kind}: ${message}`);

test("a crash keeps how it ended, what it used, its last lines and what was said of it", async () => {
  const script = `${UNTIL_USED}; i=0; while [ $i -lt 120 ]; do echo line $i; i=$((i+1)); done; printf 'last words' >&2; kill -KILL $$`;
  await using supervisor = await TestSupervisor.start({ "web.toml": shell(script, NEVER) });
  await supervisor.until("web", ({ state }) => state === "failed");
  const report = await reportOf(supervisor, "web");
  expect(report).toMatchObject({
    service: "web",
    run: 1,
    cause: "crash",
    reason: "killed by SIGKILL",
    exit: { code: null, signal: "SIGKILL", core_dumped: false },
    began_because: "with the supervisor",
    restarts: 0,
    repeated: 0,
    lines_are_older: false,
  });
  const texts = report.lines?.map(({ text }) => text) ?? [];
  // Its two streams come over two pipes, so what it said last on the one may stand before the end of the other.
  expect(texts).toHaveLength(50);
  expect(texts).toContain("last words");
  expect(texts.filter((text) => text !== "last words")).toEqual(
    Array.from({ length: 49 }, (_, at) => `line ${at + 71}`),
  );
  expect(report.usage?.user_ms).toBeGreaterThan(0);
  expect(report.usage?.peak_rss).toBeGreaterThan(0);
  expect(report.ran_ms).toBeGreaterThan(0);
  const own = report.own.map(({ text }) => text);
  expect(own).toContain(`pid ${report.pid} killed by SIGKILL`);
  expect(own).toContain("failed (killed by SIGKILL)");
  const screen = (await supervisor.command("history", "web", "1", "-n", "2")).stdout;
  expect(screen).toStartWith("web: run 1 crashed: killed by SIGKILL\n");
  expect(screen).toContain("its last lines (48 more with -n 50)");
});

test("the report of a run has the lines of no other", async () => {
  const once = 'test -e "$0" && exec sleep 1000; echo first run; : > "$0"; exit 4';
  await using supervisor = await TestSupervisor.start({ "other.toml": CALM });
  const mark = supervisor.place.path("been-there");
  supervisor.place.write("web.toml", program(["sh", "-c", `echo begins; ${once}`, mark], '[restart]\ndelay = "10ms"'));
  await supervisor.command("reload");
  await supervisor.until("web", ({ state, restarts }) => state === "up" && restarts === 1);
  await supervisor.lines("web", (texts) => texts.filter((text) => text === "begins").length === 2);
  const { pid } = await supervisor.service("web");
  process.kill(pid ?? 0, "SIGKILL");
  await supervisor.event(({ event, pid: of }) => event === "exit" && of === pid);
  const [first, second] = [await reportOf(supervisor, "web", "1"), await reportOf(supervisor, "web", "2")];
  expect(first.lines?.map(({ text }) => text)).toEqual(["begins", "first run"]);
  expect(second.lines?.map(({ text }) => text)).toEqual(["begins"]);
  expect(second).toMatchObject({ restarts: 1, began_because: "restarted", reason: "killed by SIGKILL" });
});

test("history tells who or what started and stopped each run", async () => {
  await using supervisor = await TestSupervisor.start({
    "db.toml": program(["sleep", "1000"]),
    "web.toml": program(["sleep", "1000"], 'requires = ["db"]'),
    "task.toml": shell("exit 0", 'type = "oneshot"\nstart = "manual"'),
  });
  await supervisor.command("restart", "web");
  await supervisor.command("start", "task");
  supervisor.place.write("web.toml", program(["sleep", "1001"], 'requires = ["db"]'));
  await supervisor.command("reload");
  await supervisor.until("web", ({ state }) => state === "up");
  await supervisor.command("stop", "db");
  expect(shown(await historyOf(supervisor, "web"))).toEqual([
    "web 1 start: with the supervisor",
    "web 1 stop: restart, by an operator (killed by SIGTERM)",
    "web 2 start: restart, by an operator",
    "web 2 stop: restart, as its definition has changed (killed by SIGTERM)",
    "web 3 start: restart, as its definition has changed",
    'web 3 stop: "db" is being stopped (killed by SIGTERM)',
  ]);
  expect(shown(await historyOf(supervisor, "task"))).toEqual([
    "task 1 start: start, by an operator",
    "task 1 end: exited 0",
  ]);
  expect(shown(await historyOf(supervisor, "-n", "2"))).toEqual([
    'web 3 stop: "db" is being stopped (killed by SIGTERM)',
    "db 1 stop: stop, by an operator (killed by SIGTERM)",
  ]);
  const all = shown(await historyOf(supervisor));
  expect(all[0]).toStartWith("- - begin: daemonsup ");
  expect(all).toContain("- - reload: 0 added, 0 removed, 1 changed, 0 adjusted, 2 unchanged");
  const screen = (await supervisor.command("history", "db")).stdout.split("\n");
  expect(screen[0]).toMatch(/^TIME +SERVICE +RUN +WHAT +DETAILS$/);
  expect(screen[2]).toMatch(/Z +db +1 +stopped +stop, by an operator \(killed by SIGTERM\) after /);
});

test("a service that cannot be started is told of once, with a count", async () => {
  await using supervisor = await TestSupervisor.start({ "other.toml": CALM });
  const file = supervisor.place.path("not-a-program");
  await Bun.write(file, "");
  supervisor.place.write("web.toml", program([file], '[restart]\ndelay = "10ms"\nmax_delay = "10ms"'));
  await Bun.$`chmod 755 ${file}`.quiet();
  await supervisor.command("reload");
  await supervisor.until("web", ({ restarts }) => restarts > 20);
  const lines = (await historyOf(supervisor, "web")).filter(({ kind }) => kind === "start-failed");
  expect(lines).toHaveLength(1);
  expect(lines[0]?.message).toContain("exec failed: ENOEXEC");
  expect(lines[0]?.repeated).toBeGreaterThan(10);
});

test("a crash loop is its first and its last run, and a count", async () => {
  const eager = '[restart]\ndelay = "10ms"\nmax_delay = "10ms"';
  await using supervisor = await TestSupervisor.start({ "web.toml": shell("echo again; exit 7", eager) });
  await supervisor.until("web", ({ restarts }) => restarts >= 30);
  await supervisor.command("stop", "web");
  const ends = (await historyOf(supervisor, "web")).filter(({ kind }) => kind === "crash");
  expect(ends).toHaveLength(2);
  expect(ends[0]).toMatchObject({ run: 1, repeated: 0, message: "exited 7", report: true });
  const last = ends[1];
  expect(last?.repeated).toBe((last?.run ?? 0) - 2);
  expect(last?.run).toBeGreaterThanOrEqual(30);
  for (const run of ["1", "last"])
    expect((await reportOf(supervisor, "web", run)).lines).toMatchObject([{ text: "again" }]);
});

test("the reason of an end that the supervisor brought about is kept with it", async () => {
  await using supervisor = await TestSupervisor.start({
    "deaf.toml": shell("trap '' TERM; echo ready; while :; do sleep 1000; done", '[stop]\ntimeout = "200ms"'),
    "slow.toml": shell("exec sleep 1000", `[ready]\nnotify = true\ntimeout = "200ms"\n${NEVER}`),
    "mute.toml": shell("exec sleep 1000", `[watchdog]\ntimeout = "200ms"\n${NEVER}`),
    "sick.toml": program(
      ["sleep", "1000"],
      '[health]\ncommand = ["false"]\ninterval = "100ms"\nfailures = 1\naction = "stop"',
    ),
  });
  await supervisor.line("deaf", (text) => text === "ready");
  await supervisor.command("stop", "deaf");
  for (const name of ["slow", "mute", "sick"]) await supervisor.until(name, ({ last_exit: exit }) => exit !== null);
  expect(await reportOf(supervisor, "deaf")).toMatchObject({
    cause: "timeout",
    reason: "did not stop within 0.2s: killed by SIGKILL",
    lines: [{ text: "ready" }],
  });
  expect(await reportOf(supervisor, "slow")).toMatchObject({
    cause: "timeout",
    reason: expect.stringContaining("SIGTERM"),
  });
  expect(await reportOf(supervisor, "mute")).toMatchObject({ cause: "watchdog" });
  expect(await reportOf(supervisor, "sick")).toMatchObject({ cause: "unhealthy" });
});

test("what is not kept is said, with the name that may have been meant", async () => {
  await using supervisor = await TestSupervisor.start({
    "web.toml": program(["sleep", "1000"]),
    "idle.toml": program(["sleep", "1000"], 'start = "manual"'),
  });
  const unknown = await supervisor.command("history", "wep");
  expect(unknown).toMatchObject({
    code: 5,
    stderr: 'cannot show "wep": nothing is kept of it (did you mean "web"?)\n',
  });
  expect(await supervisor.command("history", "idle")).toMatchObject({ code: 0, stderr: "" });
  const none = await supervisor.command("history", "web", "7");
  expect(none).toMatchObject({ code: 1, stderr: 'cannot show run 7 of "web": it is not kept, the newest is run 1\n' });
  const fine = await supervisor.command("history", "web", "last");
  expect(fine).toMatchObject({
    code: 1,
    stderr: 'cannot show the last report of "web": none of its runs ended unexpectedly\n',
  });
  expect((await supervisor.command("history", "web", "1")).stdout).toStartWith("web: run 1 is running\n");
  expect(await supervisor.command("history", "--since", "soon")).toMatchObject({ code: 2 });
  expect(await supervisor.command("history", "-n", "all")).toMatchObject({ code: 2 });
});
