import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { contentOf, textOf } from "../log/rotating-log.ts";
import { shell } from "./definitions.ts";
import { TestPlace, TestSupervisor, untilTrue } from "./test-supervisor.ts";

const LINES = 20_000;
const NUMBERS = Array.from({ length: LINES }, (_, index) => `${index + 1}\n`).join("");

// Not by following the service: whoever is slower than it may miss its last lines.
function hasLastLine(path: string): boolean {
  try {
    return textOf(path).endsWith(`${LINES}\n`);
  } catch {
    // In the middle of a rotation, or before the first line.
    return false;
  }
}

for (const compress of ["zstd", "gzip"] as const) {
  test(`rotated files are compressed with ${compress}, every line is in one of them, and "logs" reads on into them`, async () => {
    using place = new TestPlace({});
    const log = `[log]\nstamp = "none"\nfile = "${place.path("own", "numbers.log")}"\nmax_size = "4KiB"\nkeep = 1000`;
    mkdirSync(place.path("own"));
    place.write("numbers.toml", shell(`seq ${LINES}; exec sleep 1000`, `${log}\ncompress = "${compress}"`));
    await using supervisor = await place.start();
    await untilTrue(() => hasLastLine(place.path("own", "numbers.log")));
    const ending = compress === "zstd" ? ".zst" : ".gz";
    const isDone = (name: string): boolean => name === "numbers.log" || name.endsWith(ending);
    await untilTrue(() => readdirSync(place.path("own")).every(isDone));
    const names = readdirSync(place.path("own"));
    expect(names.length).toBeGreaterThan(20);
    expect(contentOf(place.path("own"))).toBe(NUMBERS);
    for (const name of names) {
      const { size, mode } = statSync(place.path("own", name));
      expect([size <= 4096, mode & 0o777]).toEqual([true, 0o640]);
      expect(textOf(place.path("own", name))).toEndWith("\n");
    }
    const { stdout } = await supervisor.command("logs", "numbers", "-n", "5000", "--json");
    const texts = stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { text: string }).text);
    expect(texts).toEqual(NUMBERS.trim().split("\n").slice(-5000));
  });
}

test("a file is rotated at its age though nothing is written any more, and removed at the age of rotated ones", async () => {
  const log = '[log]\nmax_age = "1s"';
  await using supervisor = await TestSupervisor.start({
    "kept.toml": shell("echo hello; exec sleep 1000", log),
    "gone.toml": shell("echo hello; exec sleep 1000", `${log}\nkeep_age = "1s"`),
  });
  const path = (name: string): string => supervisor.place.path("log", name);
  await untilTrue(() => existsSync(path("kept.log.1")));
  expect(textOf(path("kept.log.1"))).toEndWith(" hello\n");
  await untilTrue(() => existsSync(path("gone.log")) && statSync(path("gone.log")).size === 0);
  await untilTrue(() => !existsSync(path("gone.log.1")));
  expect(existsSync(path("kept.log.1"))).toBe(true);
  expect((await supervisor.command("logs", "kept")).stdout).toContain("hello");
});

test("rotated files take no more room than asked for, and a reload changes how much that is", async () => {
  using place = new TestPlace({});
  const numbers = (keys: string): string =>
    shell(`seq ${LINES}; exec sleep 1000`, `[log]\nstamp = "none"\nmax_size = "4KiB"\nkeep = 1000\n${keys}`);
  place.write("numbers.toml", numbers('keep_size = "20KiB"'));
  await using supervisor = await place.start();
  await untilTrue(() => hasLastLine(place.path("log", "numbers.log")));
  const rotated = (): readonly string[] =>
    readdirSync(place.path("log")).filter((name) => name.startsWith("numbers.log."));
  expect(rotated().length).toBe(5);
  const { pid } = await supervisor.service("numbers");
  place.write("numbers.toml", numbers('keep_size = "20KiB"\ncompress = "zstd"'));
  expect((await supervisor.command("reload")).code).toBe(0);
  await untilTrue(() => rotated().every((name) => name.endsWith(".zst")));
  place.write("numbers.toml", numbers('keep_size = "4KiB"'));
  expect((await supervisor.command("reload")).code).toBe(0);
  const sizeOf = (name: string): number => statSync(place.path("log", name), { throwIfNoEntry: false })?.size ?? 0;
  await untilTrue(() => rotated().reduce((sum, name) => sum + sizeOf(name), 0) <= 4096);
  expect((await supervisor.service("numbers")).pid).toBe(pid);
});

test("the supervisor's own log is rotated and compressed by the same keys", async () => {
  using place = new TestPlace({ "idle.toml": shell("exec sleep 1000") });
  place.write("daemonsup.toml", '[log]\nlevel = "debug"\nmax_size = "4KiB"\ncompress = "gzip"\nkeep = 3');
  await using supervisor = await place.start();
  while (!existsSync(place.path("log", "daemonsup.log.2.gz")))
    expect((await supervisor.command("restart", "idle")).code).toBe(0);
  expect(textOf(place.path("log", "daemonsup.log.2.gz"))).toContain("idle");
});

test("a compression that is asked for in other words is refused with the right ones", async () => {
  using place = new TestPlace({ "web.toml": shell("exec sleep 1000", "[log]\ncompress = true") });
  const { code, stderr } = await place.launch();
  expect(code).toBe(6);
  expect(stderr).toContain('cannot parse "log.compress": got true, want "zstd" or "gzip", or false');
});

test("a supervisor that is killed in the middle of compressing leaves every line once, and its successor ends the work", async () => {
  using place = new TestPlace({});
  const own = place.path("own");
  mkdirSync(own);
  const log = `[log]\nstamp = "none"\nfile = "${own}/numbers.log"\nmax_size = "4MiB"\nkeep = 1000\ncompress = "zstd"`;
  // Each run begins with another hundred million, and has not ended when the supervisor is killed. It fills a file at a time: what
  // is compressed, with the lowest priority, would else come ever later than what is written.
  const count = [
    "n=$(cat runs 2>/dev/null || echo 1); echo $((n + 1)) > runs; from=$((n * 100000000))",
    "while :; do seq $from $((from + 499999)); from=$((from + 500000)); sleep 0.5; done",
  ].join("\n");
  place.write(
    "numbers.toml",
    shell(count, `directory = "${place.directory}"\nstart = "manual"\ntype = "oneshot"\n${log}`),
  );
  // The file that is written to may have been moved away just now.
  function hasBegun(run: number): boolean {
    const files = readdirSync(own).filter((name) => /^numbers\.log(\.1)?$/.test(name));
    return files.some((name) => readFileSync(`${own}/${name}`, "utf8").startsWith(`${run}`));
  }
  function isAtWork(run: number): boolean {
    try {
      return hasBegun(run) && readdirSync(own).some((name) => name.endsWith(".tmp"));
    } catch {
      // Before the first line.
      return false;
    }
  }
  for (const run of [1, 2, 3]) {
    const killed = await place.start();
    await killed.command("start", "numbers", "--no-wait");
    await untilTrue(() => isAtWork(run));
    killed.kill("SIGKILL");
    await killed.gone();
    // It ends of itself as well, as nobody reads what it writes any more.
    await untilTrue(() => {
      place.killMarked();
      return place.marked().length === 0;
    });
  }
  await using supervisor = await place.start();
  await supervisor.command("start", "numbers", "--no-wait");
  await untilTrue(() => isAtWork(4));
  await supervisor.command("stop", "numbers");
  await untilTrue(() => readdirSync(own).every((name) => name === "numbers.log" || name.endsWith(".zst")));
  const numbers = contentOf(own).split("\n").slice(0, -1).map(Number);
  const starts = numbers.flatMap((number, index) => (number % 100_000_000 === 0 ? [index] : []));
  expect(starts.map((index) => numbers[index])).toEqual([1, 2, 3, 4].map((run) => run * 100_000_000));
  for (const [index, start] of starts.entries()) {
    // The kill may have torn the last line of the run.
    const run = numbers.slice(start, (starts[index + 1] ?? numbers.length) - 1);
    const wrong = run.findIndex((number, at) => number !== (index + 1) * 100_000_000 + at);
    expect({ length: run.length, around: wrong < 0 ? [] : run.slice(Math.max(0, wrong - 3), wrong + 3) }).toEqual({
      length: run.length,
      around: [],
    });
  }
});
