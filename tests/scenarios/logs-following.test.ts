import { expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import type { OutputLine } from "../../src/control/control-port.ts";
import { shell } from "./definitions.ts";
import { RunningCommand } from "./running-command.ts";
import { BINARY, TestPlace, type TestSupervisor, untilTrue } from "./test-supervisor.ts";

/** Runs each line that is written to its FIFO as a script. */
function obedient(place: TestPlace, name: string, more = ""): void {
  const fifo = place.path(`${name}.fifo`);
  const script = `rm -f ${fifo}; mkfifo ${fifo}; exec 0<> ${fifo}; echo ready; while read -r order; do eval "$order"; done`;
  place.write(`${name}.toml`, shell(script, `[stop]\ntimeout = "1s"\n${more}`));
}

function order(place: TestPlace, name: string, script: string): void {
  writeFileSync(place.path(`${name}.fifo`), `${script}\n`, { flag: "r+" });
}

function follow(supervisor: TestSupervisor, ...words: readonly string[]): RunningCommand {
  return new RunningCommand([BINARY, "logs", "-f", ...words], { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime });
}

const numbersIn = (text: string): readonly number[] =>
  [...text.matchAll(/Z (\d+)$/gm)].map(([, number]) => Number(number));
const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

test("whoever follows sees every line once, through rotation, compression and a restart of the service", async () => {
  using place = new TestPlace({});
  obedient(place, "web", '[log]\nmax_size = "4KiB"\nkeep = 1000\ncompress = "zstd"');
  await using supervisor = await place.start();
  await supervisor.line("web", (text) => text === "ready");
  order(place, "web", "seq 1 2000");
  await supervisor.line("web", (text) => text === "2000");
  await using following = follow(supervisor, "-n", "all", "web");
  await following.says("stdout", /Z 2000\n/);
  order(place, "web", "seq 2001 4000");
  await following.says("stdout", /Z 4000\n/);
  await supervisor.command("restart", "web");
  await following.says("stdout", /Z 4000\n(?:.*\n)*\S+Z ready\n/);
  order(place, "web", "seq 4001 6000");
  await following.says("stdout", /Z 6000\n/);
  expect(numbersIn(following.stdout)).toEqual(upTo(6000));
  // The past that was read consists of many files, some of them compressed by now.
  await untilTrue(() => readdirSync(place.path("log")).filter((name) => name.endsWith(".zst")).length > 10);
  await using again = follow(supervisor, "-n", "all", "web");
  await again.says("stdout", /Z 6000\n/);
  expect(numbersIn(again.stdout)).toEqual(upTo(6000));
});

test("whoever begins to follow in the middle of a stream of lines sees every line once", async () => {
  using place = new TestPlace({});
  obedient(place, "web", '[log]\nmax_size = "64KiB"\nkeep = 1000');
  await using supervisor = await place.start();
  await supervisor.line("web", (text) => text === "ready");
  order(place, "web", "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; done");
  await supervisor.line("web", (text) => text === "100");
  await using following = follow(supervisor, "-n", "all", "web");
  await following.says("stdout", /Z 3000\n/);
  expect(numbersIn(following.stdout)).toEqual(upTo(3000));
});

test("services that a reload adds are followed too, and one that was removed is again when it is back", async () => {
  using place = new TestPlace({});
  obedient(place, "web");
  await using supervisor = await place.start();
  await supervisor.line("web", (text) => text === "ready");
  await using following = follow(supervisor);
  await following.says("stdout", /^\S+Z ready\n$/);
  obedient(place, "added");
  await supervisor.command("reload");
  await following.says("stdout", /^added \S+Z ready$/m);
  place.remove("added.toml");
  await supervisor.command("reload");
  obedient(place, "added");
  await supervisor.command("reload");
  await following.says("stdout", /^added \S+Z ready\n(?:.*\n)*added \S+Z ready$/m);
  order(place, "web", "echo still here");
  await following.says("stdout", /^web   \S+Z still here$/m);
});

test("with --grep only the lines that match are followed, and an expression that takes too long ends it", async () => {
  using place = new TestPlace({});
  obedient(place, "web");
  await using supervisor = await place.start();
  await supervisor.line("web", (text) => text === "ready");
  await using following = follow(supervisor, "--grep", "^(b+)+$|wanted");
  order(place, "web", "echo wanted 1; echo other; echo wanted 2");
  await following.says("stdout", /Z wanted 1\n\S+Z wanted 2\n$/);
  // By one write: for each of them alone the expression does not take too long, as the runtime gives it up before.
  order(place, "web", `printf '%s\\n' ${`${"b".repeat(60)}! `.repeat(6)}`);
  expect((await following.ended).code).toBe(1);
  expect(following.stderr).toContain("the expression is too complex");
  expect((await supervisor.service("web")).state).toBe("up");
  // What is awaited are 2 s of processor time, of which there may be little.
}, 60_000);

/** Text and priority of each line that --json shows. */
const shownIn = (text: string): readonly unknown[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as OutputLine)
    .map((line) => [line.text, line.priority]);

test("whoever follows is told the same of a line that is a record as whoever reads it later", async () => {
  const said = ['{"level":"warn","msg":"slow"}', "<3>gone", '{"message":"own"}', "it", "  at a", "  at b", "over"];
  using place = new TestPlace({});
  const more = `multiline = { start = '^[^ ]', within = "20ms" }`;
  obedient(place, "json", `[log]\nformat = "json"\n${more}`);
  obedient(place, "plain", `[log]\n${more}`);
  await using supervisor = await place.start();
  const expected = {
    json: [
      ["slow", "warning"],
      ["gone", "err"],
      ["own", "info"],
      ["it\n  at a\n  at b", "info"],
      ["over", "info"],
    ],
    plain: said.map((line, index) => [line, ["warning", "err"][index] ?? null]),
  } as const;
  for (const name of ["json", "plain"] as const) {
    await supervisor.line(name, (text) => text === "ready");
    await using following = follow(supervisor, "--json", "-n", "all", name);
    await using searching = follow(supervisor, "--json", "-n", "all", "--grep", ".", name);
    for (const each of [following, searching]) await each.says("stdout", /"text":"ready"/);
    // By one write: lines of a record that come too long after each other are records of their own.
    order(place, name, `printf '%s\\n' ${said.map((line) => `'${line}'`).join(" ")}`);
    for (const each of [following, searching]) await each.says("stdout", /"text":"over"/);
    const read = await supervisor.command("logs", "--json", "-n", "all", name);
    for (const { stdout } of [read, following, searching])
      expect(shownIn(stdout).slice(1)).toEqual([...expected[name]]);
  }
});

test("a line has the same time, to the microsecond, for whoever follows it and whoever reads it back", async () => {
  using place = new TestPlace({});
  obedient(place, "web");
  await using supervisor = await place.start();
  await supervisor.line("web", (text) => text === "ready");
  await using following = follow(supervisor, "-n", "0", "--json", "web");
  // It follows once it tells of lines that come.
  await untilTrue(() => {
    order(place, "web", "echo line");
    return following.stdout.includes("\n");
  });
  const [first = ""] = following.stdout.split("\n");
  const { at } = JSON.parse(first) as { at: string };
  expect(at).toMatch(/\.\d{6}Z$/);
  const read = (await supervisor.command("logs", "web", "-n", "all", "--json")).stdout;
  expect(read).toContain(`"at":"${at}"`);
  const own = await (await supervisor.request("GET", "/v1/services/web/logs?lines=10000")).text();
  expect(own).toContain(`"at":"${at}"`);
});
