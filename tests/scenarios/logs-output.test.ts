import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { TestPlace, TestSupervisor } from "./test-supervisor.ts";

const ONESHOT = 'type = "oneshot"\n';

/** The service's log file once the service is done; its output is written out before that is told. */
async function logOf(supervisor: TestSupervisor, name: string, isWhole: (text: string) => boolean): Promise<string> {
  return await fileOf(supervisor, { name, file: supervisor.place.path("log", `${name}.log`) }, isWhole);
}

/** The same of a log file in another place. */
async function fileOf(
  supervisor: TestSupervisor,
  { name, file }: { readonly name: string; readonly file: string },
  isWhole: (text: string) => boolean,
): Promise<string> {
  await supervisor.until(name, (view) => view.state === "done");
  // The file is what is tested; its lines are there at the latest when the supervisor shows them.
  for (;;) {
    await supervisor.request("GET", `/v1/services/${name}/logs`);
    const text = readFileSync(file, "utf8");
    if (isWhole(text)) return text;
  }
}

function countOf(lines: number): (text: string) => boolean {
  return (text) => text.split("\n").length > lines;
}

test("both streams go to NAME.log in the log directory, whole lines with the time in front of each", async () => {
  const script = "echo out 1; echo err 1 >&2; printf half; echo ' and half'; printf 'the end'";
  await using supervisor = await TestSupervisor.start({ "speaker.toml": shell(script, ONESHOT) });
  const lines = (await logOf(supervisor, "speaker", countOf(4))).trimEnd().split("\n");
  for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z /);
  const texts = lines.map((line) => line.slice(line.indexOf(" ") + 1));
  expect(texts.toSorted()).toEqual(["err 1", "half and half", "out 1", "the end"]);
  expect(statSync(supervisor.place.path("log", "speaker.log")).mode & 0o777).toBe(0o640);
});

const STAMPS: Readonly<Record<string, RegExp>> = {
  none: /^hello\n$/,
  unix: /^\d{10}\.\d{3,6} hello\n$/,
  tai64n: /^@40000000[0-9a-f]{16} hello\n$/,
};

for (const [stamp, pattern] of Object.entries(STAMPS)) {
  test(`lines are stamped as stamp = "${stamp}" says`, async () => {
    await using supervisor = await TestSupervisor.start({
      "hello.toml": shell("echo hello", `${ONESHOT}[log]\nstamp = "${stamp}"`),
    });
    expect(await logOf(supervisor, "hello", countOf(1))).toMatch(pattern);
  });
}

test("as JSON, each line is an object", async () => {
  await using supervisor = await TestSupervisor.start({
    "json.toml": shell(`echo 'say "hello"'; printf 'bad \\377 byte\\n' >&2`, `${ONESHOT}[log]\nformat = "json"`),
  });
  const lines = (await logOf(supervisor, "json", countOf(2)))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .toSorted((left, right) => String(right["stream"]).localeCompare(String(left["stream"])));
  expect(lines).toMatchObject([
    { service: "json", stream: "stdout", priority: "info", message: 'say "hello"' },
    { service: "json", stream: "stderr", priority: "err", message: "bad \ufffd byte" },
  ]);
  expect(Object.keys(lines[0] ?? {})).toEqual(["time", "service", "pid", "stream", "priority", "message"]);
});

test("a grandchild that keeps the pipe does not delay the end of its service, and its later lines still arrive", async () => {
  using place = new TestPlace({});
  const late = "while ! test -e go; do sleep 0.05; done; echo a late line";
  place.write(
    "parent.toml",
    program(
      ["setsid", "sh", "-c", `(${late}) & echo first; exit 0`],
      `directory = "${place.directory}"\n[stop]\nscope = "main"\n[restart]\npolicy = "never"`,
    ),
  );
  await using supervisor = await place.start();
  await supervisor.until("parent", (view) => view.state === "done");
  expect((await supervisor.command("logs", "parent")).stdout).not.toContain("a late line");
  writeFileSync(place.path("go"), "");
  expect(await supervisor.line("parent", (text) => text === "a late line")).toBe("a late line");
});

test("both streams are added to one file that is there, whole lines of each, also after somebody has emptied it", async () => {
  const COUNT = 500;
  const place = new TestPlace({});
  const file = place.path("both.log");
  writeFileSync(file, "kept\n");
  const speak = (name: string, copy: string) => `(seq -f "${name} %.0f" ${COUNT}${copy})`;
  place.write(
    "both.toml",
    shell(`${speak("out", "")} & ${speak("err", " >&2")} & wait`, `${ONESHOT}[log]\nfile = "${file}"\nstamp = "none"`),
  );
  await using supervisor = await place.start();
  const once = ["out", "err"].flatMap((name) => Array.from({ length: COUNT }, (_, index) => `${name} ${index + 1}`));
  const linesOf = (text: string): readonly string[] => text.trimEnd().split("\n");
  const whole = async (count: number): Promise<readonly string[]> =>
    linesOf(await fileOf(supervisor, { name: "both", file }, (text) => linesOf(text).length >= count));
  const first = await whole(1 + 2 * COUNT);
  expect([first[0], first.slice(1).toSorted()]).toEqual(["kept", once.toSorted()]);
  expect((await supervisor.command("start", "both")).code).toBe(0);
  expect((await whole(1 + 4 * COUNT)).slice(first.length).toSorted()).toEqual(once.toSorted());
  truncateSync(file);
  expect((await supervisor.command("start", "both")).code).toBe(0);
  expect((await whole(2 * COUNT)).toSorted()).toEqual(once.toSorted());
});

test("bytes that are no UTF-8 reach the file unchanged", async () => {
  await using supervisor = await TestSupervisor.start({
    "bytes.toml": shell(String.raw`printf 'a\377\000\376b\n'`, `${ONESHOT}[log]\nstamp = "none"`),
  });
  await logOf(supervisor, "bytes", countOf(1));
  const bytes = readFileSync(supervisor.place.path("log", "bytes.log"));
  expect([...bytes]).toEqual([0x61, 0xff, 0x00, 0xfe, 0x62, 0x0a]);
});

test("a line of 10 MB loses not a byte and does not stop the next one", async () => {
  const script = "head -c 10000000 /dev/zero | tr '\\0' x; echo; echo after";
  await using supervisor = await TestSupervisor.start({
    "long.toml": shell(script, `${ONESHOT}[log]\nstamp = "none"\nmax_size = "1GiB"`),
  });
  const text = await logOf(supervisor, "long", (now) => now.endsWith("after\n"));
  expect(text.replaceAll("\n", "")).toBe(`${"x".repeat(10_000_000)}after`);
  expect(await supervisor.line("long", (line) => line === "after")).toBe("after");
});

test("files are rotated by size, so many are kept, and no line is cut or lost between them", async () => {
  const script = "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done";
  await using supervisor = await TestSupervisor.start({
    "counter.toml": shell(script, `${ONESHOT}[log]\nstamp = "none"\nmax_size = "4KiB"\nkeep = 3`),
  });
  await logOf(supervisor, "counter", (now) => now.endsWith("line 1999\n"));
  const parts = [".3", ".2", ".1", ""].map((ending) => supervisor.place.read("log", `counter.log${ending}`));
  for (const part of parts) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(4096);
  const lines = parts.join("").trimEnd().split("\n");
  const first = Number(lines[0]?.slice("line ".length));
  expect(lines).toEqual(Array.from({ length: 2000 - first }, (_, index) => `line ${first + index}`));
  expect(() => supervisor.place.read("log", "counter.log.4")).toThrow();
  // What is shown goes on into the files that were moved away.
  const { stdout } = await supervisor.command("logs", "-n", "700", "counter");
  expect(stdout.trimEnd().split("\n")).toHaveLength(700);
});

test("a file in another place is written there, and nothing in the log directory", async () => {
  using place = new TestPlace({});
  mkdirSync(place.path("elsewhere"));
  const file = place.path("elsewhere", "mine.txt");
  place.write("mover.toml", shell("echo moved", `${ONESHOT}[log]\nfile = "${file}"\nstamp = "none"`));
  await using supervisor = await place.start();
  expect(await supervisor.line("mover", () => true)).toBe("moved");
  expect(readFileSync(file, "utf8")).toBe("moved\n");
  expect(() => place.read("log", "mover.log")).toThrow();
});

test("without a sink the last lines are kept in memory", async () => {
  await using supervisor = await TestSupervisor.start({
    "quiet.toml": shell("echo only in memory", `${ONESHOT}[log]\nto = []`),
  });
  expect(await supervisor.line("quiet", () => true)).toBe("only in memory");
  expect(() => supervisor.place.read("log", "quiet.log")).toThrow();
});

test("a log file that is a link or a directory is not written to; the service runs and its lines are kept", async () => {
  using place = new TestPlace({});
  mkdirSync(place.path("log"), { mode: 0o750 });
  writeFileSync(place.path("victim"), "untouched");
  symlinkSync(place.path("victim"), place.path("log", "linked.log"));
  mkdirSync(place.path("log", "folder.log"));
  for (const name of ["linked", "folder"]) place.write(`${name}.toml`, shell("echo kept; exec sleep 1000"));
  await using supervisor = await place.start();
  for (const name of ["linked", "folder"]) {
    expect(await supervisor.line(name, () => true)).toBe("kept");
    expect((await supervisor.service(name)).state).toBe("up");
  }
  expect(place.read("victim")).toBe("untouched");
  supervisor.kill("SIGTERM");
  await supervisor.gone();
  const own = place.ownLog();
  expect(own).toContain(`linked: cannot write "${place.path("log", "linked.log")}"`);
  expect(own).toContain(`folder: cannot write "${place.path("log", "folder.log")}"`);
});

test("both streams joined are one, in the order in which they are written", async () => {
  const both =
    "i=0; while [ $i -lt 300 ]; do echo out $i; echo err $i >&2; i=$((i + 1)); done; echo done; exec sleep 1000";
  await using supervisor = await TestSupervisor.start({
    "web.toml": shell(both, '[log]\nstamp = "none"\nstderr = "stdout"'),
  });
  await supervisor.line("web", (text) => text === "done");
  const lines = Array.from({ length: 300 }, (_, index) => `out ${index}\nerr ${index}\n`).join("");
  expect(supervisor.place.read("log", "web.log")).toBe(`${lines}done\n`);
});

test("what stderr is joined with can only be stdout", async () => {
  using place = new TestPlace({ "web.toml": shell("exec sleep 1000", '[log]\nstderr = "file"') });
  const { code, stderr } = await place.launch();
  expect(code).toBe(6);
  expect(stderr).toContain('cannot parse "log.stderr": got "file", want a table, or "stdout"');
});
