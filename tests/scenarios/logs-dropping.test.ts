/* Log files for which a service does not wait: what becomes of its lines while the file takes none, and when somebody dies. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { compileProgram } from "../compile-program.ts";
import { shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { TestPlace, untilTrue } from "./test-supervisor.ts";

const isRoot = process.getuid?.() === 0;
const program = compileProgram("hanging-fs");
const cannotHang =
  skipReason("a file system that hangs", [
    [isRoot, "only root mounts it"],
    [existsSync("/dev/fuse"), "there is no /dev/fuse"],
    [program !== null, "there is no C compiler"],
  ]) !== null;

/** Numbered lines, each with a dot at its end, from where it was up to a number that it is told, then the next. The FIFO is there once it is read. */
function counter(fifo: string, log: string): string {
  const script = `mkfifo ${fifo}.new; exec 3<> ${fifo}.new; mv ${fifo}.new ${fifo}; i=0; while read -r most <&3; do while [ $i -lt $most ]; do i=$((i+1)); echo line $i.; done; done`;
  return shell(script, log);
}

/** A file for which nobody waits, with room for everything, however busy the machine is. */
const NOTHING_IS_SLOW = '[log]\nstamp = "none"\nwhen_slow = "drop"\nbuffer = "16MiB"\n';

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** The numbers of the lines of which not more than `mostTorn` may be cut short. */
function numbersIn(path: string, mostTorn = 0): readonly number[] {
  const lines = textOf(path).split("\n").slice(0, -1);
  const whole = lines.flatMap((line) => /^line (\d+)\.$/.exec(line)?.[1] ?? []);
  expect(lines.length - whole.length).toBeLessThanOrEqual(mostTorn);
  return whole.map(Number);
}

test.skipIf(cannotHang)(
  'with when_slow = "drop" a service does not wait for a file system that hangs, and what had no room is counted',
  async () => {
    using place = new TestPlace({});
    const disk = place.path("disk");
    mkdirSync(disk);
    const server = place.path("server");
    const fifo = place.path("fifo");
    const sink = `type = "file"\nfile = "${disk}/hung.log"\nwhen_slow = "drop"\nbuffer = "4KiB"`;
    const log = `[log]\nto = ["file", "hung"]\nstamp = "none"\n[log.sinks.hung]\n${sink}`;
    place.write("writer.toml", counter(fifo, log));
    await using supervisor = await place.start({ wrapper: [program ?? "", disk, server] });
    const pid = Number(place.read("server"));
    const file = `/proc/${supervisor.pid}/root${disk}/hung.log`;
    const sayUpTo = (most: number): void => writeFileSync(fifo, `${most}\n`, { flag: "r+" });
    await untilTrue(() => existsSync(fifo));
    try {
      sayUpTo(10);
      await untilTrue(() => numbersIn(file).length === 10);
      process.kill(pid, "SIGSTOP");
      sayUpTo(20_000);
      // Its other file has everything, so it has not waited.
      await untilTrue(() => numbersIn(place.path("log", "writer.log")).length === 20_000);
      await untilTrue(() => place.ownLog().includes('cannot log to "hung": it does not keep up'));
      await supervisor.until("writer", ({ message }) => message?.includes("for hung (slow)") === true);
      expect((await supervisor.command("logs", "writer", "-n", "1")).stdout).toContain("line 20000");

      process.kill(pid, "SIGCONT");
      let most = 20_000;
      await untilTrue(() => {
        sayUpTo(++most);
        return place.ownLog().includes('"hung" takes lines again');
      });
      await untilTrue(() => numbersIn(place.path("log", "writer.log")).length === most);
      const dropped = Number(/takes lines again: (\d+) lines were dropped/.exec(place.ownLog())?.[1]);
      await untilTrue(() => numbersIn(file).length === most - dropped);
      const kept = numbersIn(file);
      expect(kept).toEqual([...new Set(kept)].toSorted((left, right) => left - right));
      const sample = `daemonsup_service_log_lost_lines_total{service="writer",sink="hung",reason="slow"} ${dropped}`;
      await untilTrue(async () => (await (await supervisor.request("GET", "/metrics")).text()).includes(`${sample}\n`));
    } finally {
      // What still waits for it fails then.
      process.kill(pid, "SIGKILL");
    }
  },
);

test("a file that nobody waits for has every line in order while it takes them, over a reload and to the last one at a shutdown", async () => {
  using place = new TestPlace({});
  const fifo = place.path("fifo");
  const log = (more: string): string => `${NOTHING_IS_SLOW}${more}`;
  place.write("writer.toml", counter(fifo, log("")));
  await using supervisor = await place.start();
  const sayUpTo = (most: number): void => writeFileSync(fifo, `${most}\n`, { flag: "r+" });
  await untilTrue(() => existsSync(fifo));
  const file = place.path("log", "writer.log");
  sayUpTo(2_000);
  await untilTrue(() => numbersIn(file).length === 2_000);
  expect((await supervisor.command("logs", "writer", "-n", "all")).stdout.split("\n")).toHaveLength(2_001);

  const other = place.path("other.log");
  place.write("writer.toml", counter(fifo, log(`file = "${other}"`)));
  expect(await supervisor.command("reload")).toMatchObject({ code: 0 });
  sayUpTo(4_000);
  await untilTrue(() => numbersIn(other).length === 2_000);
  // Back to one that is waited for.
  place.write("writer.toml", counter(fifo, `[log]\nstamp = "none"\nfile = "${other}"`));
  expect(await supervisor.command("reload")).toMatchObject({ code: 0 });
  sayUpTo(4_010);
  await untilTrue(() => numbersIn(other).length === 2_010);
  place.write("writer.toml", counter(fifo, log(`file = "${other}"`)));
  expect(await supervisor.command("reload")).toMatchObject({ code: 0 });
  sayUpTo(5_000);
  await untilTrue(() => supervisor.service("writer").then(({ state }) => state === "up"));
  await supervisor.line("writer", (text) => text === "line 5000.");
  expect(await supervisor.command("shutdown")).toMatchObject({ code: 0 });
  expect(numbersIn(other)).toEqual(Array.from({ length: 3_000 }, (_, index) => index + 2_001));
  expect(place.ownLog()).not.toContain("does not keep up");
});

test("when the supervisor is killed, such a file goes on with no line doubled, and none missing that is not counted", async () => {
  using place = new TestPlace({});
  const fifo = place.path("fifo");
  place.write("writer.toml", counter(fifo, NOTHING_IS_SLOW));
  await using first = await place.start();
  const sayUpTo = (most: number): void => writeFileSync(fifo, `${most}\n`, { flag: "r+" });
  await untilTrue(() => existsSync(fifo));
  const file = place.path("log", "writer.log");
  sayUpTo(1_000);
  await untilTrue(() => numbersIn(file).length === 1_000);
  sayUpTo(30_000);
  process.kill(first.supervisorPid, "SIGKILL");
  await using _second = await first.successor();
  sayUpTo(30_001);
  await untilTrue(() => numbersIn(file, 1).includes(30_001));
  const numbers = numbersIn(file, 1);
  expect(new Set(numbers).size).toBe(numbers.length);
  const said = [...place.ownLog().matchAll(/at most (\d+) lines? that (?:was|were) on (?:its|their) way/g)].map(
    ([, count]) => Number(count),
  );
  expect(30_001 - numbers.length).toBeLessThanOrEqual(said.reduce((sum, count) => sum + count, 0));
});
