import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { shell } from "./definitions.ts";
import { BINARY, TestPlace, TestSupervisor, run, untilTrue } from "./test-supervisor.ts";

interface Line {
  readonly at: string;
  readonly service: string;
  readonly text: string;
}

async function linesOf(supervisor: TestSupervisor, ...words: readonly string[]): Promise<readonly Line[]> {
  const { stdout } = await supervisor.command("logs", "--json", ...words);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

const textsOf = (lines: readonly Line[]): readonly string[] => lines.map(({ text }) => text);

test("logs without names shows all services in the order of time, and --since and --until a stretch of it", async () => {
  const said = (text: string): string => shell(`echo ${text} 1; echo ${text} 2; exec sleep 1000`);
  await using supervisor = await TestSupervisor.start({
    "a.toml": said("a"),
    "b.toml": said("b"),
    "c.toml": said("c"),
  });
  for (const name of ["a", "b", "c"]) await supervisor.line(name, (text) => text === `${name} 2`);
  const all = await linesOf(supervisor);
  expect(textsOf(all).toSorted()).toEqual(["a 1", "a 2", "b 1", "b 2", "c 1", "c 2"]);
  expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).toSorted());
  expect(all.every(({ service, text }) => text.startsWith(service))).toBe(true);
  // What is given to the millisecond means its beginning.
  const moment = `${all[3]?.at.slice(0, 23)}Z`;
  const before = await linesOf(supervisor, "--until", moment);
  const after = await linesOf(supervisor, "--since", moment);
  expect([...before, ...after]).toEqual([...all]);
  expect(before.every(({ at }) => at < moment)).toBe(true);
  expect(textsOf(await linesOf(supervisor, "--since", "1d")).length).toBe(6);
  expect(await linesOf(supervisor, "--until", "1d")).toEqual([]);
  expect(textsOf(await linesOf(supervisor, "--boot")).length).toBe(6);
  expect(textsOf(await linesOf(supervisor, "--grep", "^[ab] 2$")).toSorted()).toEqual(["a 2", "b 2"]);
  expect(textsOf(await linesOf(supervisor, "-ig", "^A 2")).toSorted()).toEqual(["a 2"]);
  expect((await supervisor.command("logs", "a")).stdout).toMatch(/^\S+Z a 1\n\S+Z a 2\n$/);
});

test("logs refuses what it does not understand, and says what it wants", async () => {
  using place = new TestPlace({});
  const refused = async (...words: readonly string[]): Promise<string> => {
    const { code, stderr, stdout } = await run([BINARY, "logs", ...words], { DAEMONSUP_RUNTIME_DIR: place.runtime });
    expect([code, stdout]).toEqual([2, ""]);
    return stderr;
  };
  expect(await refused("--since", "soon")).toContain('cannot read "--since": got "soon", want a time, like "10m"');
  expect(await refused("--grep", "(")).toContain('cannot read "--grep": got "(", want a regular expression: ');
  expect(await refused("-p", "bad")).toContain('cannot read "--priority": got "bad", want one of emerg, alert');
  expect(await refused("--stream", "2")).toContain('cannot read "--stream": got "2", want stdout or stderr');
  expect(await refused("--run", "x")).toContain('cannot read "--run": got "x"');
  expect(await refused("--since", "1m", "--until", "2m")).toContain('cannot combine "--since" and "--until": ');
  expect(await refused("-f", "--until", "1h")).toContain('cannot combine "--follow" and "--until"');
});

test("logs --run shows one run alone, counted back from the last one or by its number", async () => {
  const twice = (format: string): string =>
    shell(
      'echo "$$ begins"; echo "$$ goes on"; exec sleep 1000',
      `[log]\nformat = "${format}"\n[stop]\ntimeout = "1s"`,
    );
  await using supervisor = await TestSupervisor.start({
    "plain.toml": twice("plain"),
    "json.toml": twice("json"),
    "never.toml": `start = "manual"\n${twice("plain")}`,
  });
  for (const name of ["plain", "json"]) {
    const pids = [(await supervisor.until(name, ({ pid }) => pid !== null)).pid];
    await supervisor.line(name, (text) => text === `${pids[0]} goes on`);
    await supervisor.command("restart", name);
    pids.push((await supervisor.until(name, ({ pid }) => pid !== null)).pid);
    await supervisor.line(name, (text) => text === `${pids[1]} goes on`);
    const [first, second] = pids.map((pid) => [`${pid} begins`, `${pid} goes on`]);
    expect(textsOf(await linesOf(supervisor, name, "--run", "0"))).toEqual(second ?? []);
    expect(textsOf(await linesOf(supervisor, name, "--run", "-1"))).toEqual(first ?? []);
    expect(textsOf(await linesOf(supervisor, name, "--run", "1"))).toEqual(first ?? []);
    const { code, stdout, stderr } = await supervisor.command("logs", name, "--run", "9");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`cannot show run 9 of "${name}": run 9 is not kept, the nearest is run 2`);
  }
  // Who has never run has no run to show, which only those want to know who asked for it.
  expect(await linesOf(supervisor, "--run", "0")).toHaveLength(4);
  const never = await supervisor.command("logs", "never", "--run", "0");
  expect([never.code, never.stderr]).toEqual([
    1,
    expect.stringContaining('cannot show run 0 of "never": it has not run'),
  ]);
});

test("logs into head ends quietly, however much there would be", async () => {
  await using supervisor = await TestSupervisor.start({
    "counter.toml": shell("seq 300000; exec sleep 1000", '[log]\nmax_size = "100MiB"'),
  });
  const file = supervisor.place.path("log", "counter.log");
  await untilTrue(() => existsSync(file) && readFileSync(file, "utf8").endsWith(" 300000\n"));
  const words = ["bash", "-c", 'set -o pipefail; "$0" logs -n all counter | head -n 2', BINARY];
  const { code, stdout, stderr } = await run(words, { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^\S+Z 1\n\S+Z 2\n$/);
  const all = await linesOf(supervisor, "-n", "all");
  expect(textsOf(all)).toEqual(Array.from({ length: 300_000 }, (_, index) => String(index + 1)));
});

// The runtime gives up a single line by itself, after a second or so.
test("an expression that takes too long is given up, and costs the supervisor nothing", async () => {
  const line = `${"a".repeat(60)}!`;
  await using supervisor = await TestSupervisor.start({
    "web.toml": shell(`for i in 1 2 3 4 5 6; do echo '${line}'; done; echo end; exec sleep 1000`),
  });
  await supervisor.line("web", (text) => text === "end");
  const { code, stdout, stderr } = await supervisor.command("logs", "--grep", "^(a+)+$");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(
    "cannot read further: a few lines took more than 2s of processor time, the expression is too complex",
  );
  expect(textsOf(await linesOf(supervisor, "--grep", "a!"))).toEqual(Array.from({ length: 6 }, () => line));
});

test("a line that is too long is shown as far as it goes, and says so", async () => {
  const script = "head -c 200000 /dev/zero | tr '\\0' x; echo; echo after; exec sleep 1000";
  await using supervisor = await TestSupervisor.start({ "web.toml": shell(script) });
  await supervisor.line("web", (text) => text === "after");
  const { stdout } = await supervisor.command("logs", "web");
  expect(stdout).toMatch(/^\S+Z x{65000,65536} \[cut here, the line is longer\]\n\S+Z after\n$/);
});
