/* Services whose standard input is the log of others. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { shell } from "./definitions.ts";
import { hasEnded, signalProcess, TestPlace, type TestSupervisor, untilTrue } from "./test-supervisor.ts";

const RAW = '[log]\nto = ["service:logger"]\nstamp = "none"';

/** Copies what it reads to a file; each run begins with a line of its own. */
function loggerText(place: TestPlace, more = ""): string {
  return shell(`exec cat >> ${place.path("all.log")}`, more);
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function linesIn(place: TestPlace): readonly string[] {
  return textOf(place.path("all.log")).split("\n").slice(0, -1);
}

async function untilLines(place: TestPlace, count: number): Promise<readonly string[]> {
  await untilTrue(() => linesIn(place).length >= count);
  return linesIn(place);
}

async function up(supervisor: TestSupervisor, name: string): Promise<number> {
  return (await supervisor.until(name, ({ state, pid }) => state === "up" && pid !== null)).pid ?? 0;
}

test("lines of several services reach the standard input of the logger, which is started before them", async () => {
  const place = new TestPlace({});
  place.write("logger.toml", loggerText(place));
  place.write("a.toml", shell("echo from a; echo bad >&2", `type = "oneshot"\n${RAW}`));
  place.write("b.toml", shell("echo from b", `type = "oneshot"\n[log]\nto = ["service:logger"]\nformat = "json"`));
  await using supervisor = await place.start();
  await supervisor.until("a", ({ state }) => state === "done");
  await supervisor.until("b", ({ state }) => state === "done");
  const lines = await untilLines(place, 3);
  expect(lines.toSorted().slice(0, 2)).toEqual(["bad", "from a"]);
  expect(JSON.parse(lines.find((line) => line.startsWith("{")) ?? "")).toMatchObject({
    service: "b",
    message: "from b",
  });
  const logger = await supervisor.service("logger");
  for (const name of ["a", "b"])
    expect(String(logger.since) <= String((await supervisor.service(name)).last_exit?.at)).toBe(true);
  expect((await supervisor.service("logger")).restarts).toBe(0);
});

test("nothing is lost or doubled while either side is killed and started again", async () => {
  const place = new TestPlace({});
  // Each line is read and written as a whole, so that a killed logger takes none with it.
  const reader = `while IFS= read -r line; do echo "$line" >> ${place.path("all.log")}; rm ${place.path("die")} 2>/dev/null && exit 1; done`;
  place.write("logger.toml", shell(reader, '[restart]\ndelay = "0ms"'));
  const writer = `echo begin; i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $$ $i; done; echo end; exec sleep 1000`;
  place.write("writer.toml", shell(writer, `[restart]\ndelay = "0ms"\n${RAW}`));
  await using supervisor = await place.start();
  await untilTrue(() => linesIn(place).includes("end"));
  for (let round = 2; round <= 4; round++) {
    writeFileSync(place.path("die"), "");
    signalProcess(await up(supervisor, "writer"), "SIGKILL");
    await supervisor.until("writer", ({ restarts, state }) => state === "up" && restarts >= round - 1);
    await untilTrue(() => linesIn(place).filter((line) => line === "end").length >= round);
  }
  const numbers = Map.groupBy(
    linesIn(place).filter((line) => line.startsWith("line ")),
    (line) => line.split(" ")[1],
  );
  expect(numbers.size).toBe(4);
  for (const lines of numbers.values())
    expect(lines.map((line) => Number(line.split(" ")[2]))).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
});

test("what a stopped logger does not take is dropped and counted, and stops nobody", async () => {
  const place = new TestPlace({});
  place.write("logger.toml", loggerText(place));
  const sink =
    '[log]\nto = ["file", "small"]\nstamp = "none"\n[log.sinks.small]\ntype = "service"\nservice = "logger"\nbuffer = "4KiB"\nwhen_slow = "drop"';
  const writer = `exec 3<> ${place.path("fifo")}; read -r go <&3; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done; echo over; while read -r go <&3; do echo again; done`;
  place.write("writer.toml", shell(writer, sink));
  await Bun.$`mkfifo ${place.path("fifo")}`.quiet();
  await using supervisor = await place.start();
  const logger = await up(supervisor, "logger");
  await up(supervisor, "writer");
  signalProcess(logger, "SIGSTOP");
  await Bun.$`echo go > ${place.path("fifo")}`.quiet();
  await untilTrue(() => textOf(place.path("log", "writer.log")).endsWith("over\n"));
  await untilTrue(() => place.ownLog().includes('cannot log to "small": it does not keep up'));
  signalProcess(logger, "SIGCONT");
  // A line more each time, until one finds room.
  let more = 0;
  for (; !place.ownLog().includes('"small" takes lines again'); more++) {
    await Bun.$`echo go > ${place.path("fifo")}`.quiet();
    await untilTrue(() => textOf(place.path("log", "writer.log")).endsWith("over\n" + "again\n".repeat(more + 1)));
    // What the Worker says after that has arrived by then.
    await supervisor.request("GET", "/v1/services/writer/logs");
  }
  const dropped = Number(/takes lines again: (\d+) lines were dropped/.exec(place.ownLog())?.[1]);
  await untilTrue(() => linesIn(place).length + dropped >= 20_001 + more);
  expect(linesIn(place).length + dropped).toBe(20_001 + more);
  const sample = `daemonsup_service_log_lost_lines_total{service="writer",sink="small",reason="slow"} ${dropped}`;
  await untilTrue(async () => (await (await supervisor.request("GET", "/metrics")).text()).includes(`${sample}\n`));
  expect(await (await supervisor.request("GET", "/v1/services/writer/details")).json()).toMatchObject({
    log_losses: [{ sink: "small", reason: "slow", lines: dropped }],
  });
  expect((await supervisor.service("writer")).message).toBe(`log lines are lost: ${dropped} lines for small (slow)`);
  expect(readFileSync(place.path("log", "writer.log"), "utf8").split("\n").length).toBe(20_002 + more);
});

test("a service waits for a reader that is slower, and every line arrives", async () => {
  const place = new TestPlace({});
  // A line at a time, by a shell that reads byte by byte.
  place.write("logger.toml", shell(`while IFS= read -r line; do echo "$line"; done >> ${place.path("all.log")}`));
  const sink =
    '[log]\nto = ["small"]\nstamp = "none"\n[log.sinks.small]\ntype = "service"\nservice = "logger"\nbuffer = "4KiB"';
  const writer = `i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo "line $i ${"x".repeat(100)}"; done; echo over; exec sleep 1000`;
  place.write("writer.toml", shell(writer, sink));
  await using supervisor = await place.start();
  await untilTrue(() => linesIn(place).includes("over"));
  expect(linesIn(place).map((line) => line.split(" ")[1] ?? "over")).toEqual([
    ...Array.from({ length: 5000 }, (_, index) => String(index + 1)),
    "over",
  ]);
  expect(place.ownLog()).not.toContain("cannot log");
  expect((await supervisor.service("writer")).restarts).toBe(0);
});

test("one that takes nothing at all lets the others of the service go on after a while", async () => {
  const place = new TestPlace({});
  place.write("logger.toml", loggerText(place));
  const sink =
    '[log]\nto = ["file", "small"]\nstamp = "none"\n[log.sinks.small]\ntype = "service"\nservice = "logger"\nbuffer = "4KiB"';
  // More than pipes and one turn of reading hold: the rest has to wait for the logger, or to go without it.
  const writer = `exec 3<> ${place.path("fifo")}; read -r go <&3; seq 400000; echo over; exec sleep 1000`;
  place.write("writer.toml", shell(writer, sink));
  await Bun.$`mkfifo ${place.path("fifo")}`.quiet();
  await using supervisor = await place.start();
  signalProcess(await up(supervisor, "logger"), "SIGSTOP");
  await up(supervisor, "writer");
  await Bun.$`echo go > ${place.path("fifo")}`.quiet();
  await untilTrue(() => textOf(place.path("log", "writer.log")).endsWith("over\n"));
  await untilTrue(() => place.ownLog().includes('cannot log to "small": it does not keep up'));
  expect(textOf(place.path("log", "writer.log")).split("\n").length).toBe(400_002);
  expect(supervisor.pid).toBeGreaterThan(1);
});

test("the end of the last service that logs to it ends its input", async () => {
  const place = new TestPlace({});
  place.write("logger.toml", loggerText(place, 'restart.policy = "never"'));
  place.write("writer.toml", shell("echo last words; exec sleep 1000", RAW));
  await using supervisor = await place.start();
  await supervisor.line("writer", (text) => text === "last words");
  const logger = (await supervisor.until("logger", ({ pid }) => pid !== null)).pid ?? 0;
  expect(hasEnded(logger)).toBe(false);
  place.remove("writer.toml");
  expect((await supervisor.command("reload")).code).toBe(0);
  await supervisor.until("logger", ({ state }) => state === "done");
  expect(linesIn(place)).toEqual(["last words"]);
});

test("the supervisor's own log goes to a logger too, also what it says of that logger", async () => {
  const place = new TestPlace({});
  place.write("daemonsup.toml", '[log]\nto = ["file", "service:logger"]');
  place.write("logger.toml", loggerText(place, 'restart.delay = "0ms"'));
  await using supervisor = await place.start();
  await untilTrue(() => linesIn(place).some((line) => /<5>logger: up/.test(line)));
  expect(linesIn(place)[0]).toMatch(/^\d{4}-\S+Z <5>daemonsup \S+ begins/);
  signalProcess(await up(supervisor, "logger"), "SIGKILL");
  await supervisor.until("logger", ({ state, restarts }) => state === "up" && restarts === 1);
  await untilTrue(() => linesIn(place).filter((line) => /<5>logger: up/.test(line)).length === 2);
  expect(linesIn(place).some((line) => line.includes("SIGKILL"))).toBe(true);
  const { stdout } = await supervisor.command("stop", "logger");
  expect(stdout).toContain("logger");
});
