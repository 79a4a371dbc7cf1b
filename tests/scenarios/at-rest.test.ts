import { expect, test } from "bun:test";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { program } from "./definitions.ts";
import { TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

const MIB = 1024;

test("a guardian and its supervisor give back what they do not need, are not woken, and go on as before", async () => {
  await using first = await TestSupervisor.start({ "sleeper.toml": program(["sleep", "1000"]) });
  const { pid, supervisorPid } = first;
  for (const process of [pid, supervisorPid]) await untilTrue(() => scriptsOf(process).length > 0);
  // Of the code, some 17 MiB that the start needed; the runtime of the supervisor runs on for a moment.
  await untilTrue(() => codeOf(pid) < 3 * MIB && codeOf(supervisorPid) < 8 * MIB);
  for (const process of [pid, supervisorPid])
    expect(scriptsOf(process)).toEqual([expect.objectContaining({ anonymous: 0 })]);
  await untilTrue(() => readdirSync(`/proc/${pid}/task`).length === 1);
  // How much of the file one touch brings back is up to the page cache.
  expect(ownMemoryOf(pid)).toBeLessThan(6 * MIB);

  const before = wakingsOf(pid);
  await Bun.sleep(3_000);
  expect(wakingsOf(pid)).toBe(before);

  expect((await first.command("restart", "sleeper")).code).toBe(0);
  expect((await first.command("logs", "sleeper")).code).toBe(0);
  signalProcess(supervisorPid, "SIGKILL");
  await using next = await first.successor();
  expect(next.pid).toBe(pid);
  await next.until("sleeper", ({ state }) => state === "up");
});

interface Mapping {
  readonly resident: number;
  readonly anonymous: number;
  readonly isCode: boolean;
  readonly isConstant: boolean;
  /** Where in the program it lies. */
  readonly offset: number;
}

/** The mappings of its own program, in KiB. */
function programOf(pid: number): readonly Mapping[] {
  const own = readlinkSync(`/proc/${pid}/exe`);
  return readFileSync(`/proc/${pid}/smaps`, "utf8")
    .split(/\n(?=[0-9a-f]+-)/)
    .filter((text) => text.split("\n")[0]?.endsWith(own) === true)
    .map((text) => ({
      resident: numberIn(text, "Rss"),
      anonymous: numberIn(text, "Anonymous"),
      isCode: /^\S+ r-xp/.test(text),
      isConstant: /^\S+ r--p/.test(text),
      offset: Number.parseInt(text.split(" ")[2] ?? "", 16),
    }));
}

/** In KiB. */
function codeOf(pid: number): number {
  return programOf(pid).reduce((sum, { isCode, resident }) => sum + (isCode ? resident : 0), 0);
}

/** The part of the program behind its code that was made unwritable: JavaScript, of which little is in memory. */
function scriptsOf(pid: number): readonly Mapping[] {
  const parts = programOf(pid);
  const code = parts.find(({ isCode }) => isCode)?.offset ?? 0;
  return parts.filter(({ isConstant, offset, anonymous }) => isConstant && offset > code && anonymous === 0);
}

/** Without the files that are mapped, in KiB. */
function ownMemoryOf(pid: number): number {
  return numberIn(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"), "Anonymous");
}

/** How often it has gone to sleep. */
function wakingsOf(pid: number): number {
  return Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function numberIn(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(text)?.[1]);
}
