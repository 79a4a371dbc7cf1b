import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, openSync, read, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { Spawner } from "../../src/os/spawn.ts";
import {
  commandOf,
  expectChild,
  makeHangingFile,
  makePipe,
  makeScratch,
  reap,
  requestOf,
  statFieldOf,
  statusFieldOf,
  until,
  type Child,
} from "./spawn-kit.ts";

const CHANGER = join(import.meta.dir, "../programs/role-changer.ts");
/** HUP, INT, QUIT, USR1, USR2, TERM, CHLD. */
const SEVEN = [1, 2, 3, 10, 12, 15, 17];
const SEVEN_MASK = SEVEN.reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n);
const USR2_MASK = 1n << 11n;
const NOTHING = "0".repeat(16);

let spawner: Spawner;
beforeAll(() => {
  spawner = new Spawner();
});
afterAll(() => spawner[Symbol.dispose]());

interface Run {
  readonly child: Child;
  /** What it and what came after it have written, once all of them have closed descriptor 1. */
  readonly output: () => string;
}

/** `kept` becomes descriptor 3 of the program, which keeps it; `signalPipe` 4. */
function change(args: readonly string[], fds: { readonly kept: number; readonly signalPipe: number } | null): Run {
  const pipe = makePipe();
  const env = ["PATH=/usr/bin:/bin", ...(fds === null ? [] : ["KEPT=3", "SIGNAL_PIPE=4"])];
  const passed = fds === null ? [] : [fds.kept, fds.signalPipe];
  const request = requestOf({ ...commandOf(process.execPath, CHANGER, ...args), env, stdout: pipe.write, passed });
  const child = expectChild(spawner.spawn(request, 10_000));
  closeSync(pipe.write);
  return {
    child,
    output: () => {
      const text = readFileSync(`/proc/self/fd/${pipe.read}`, "utf8");
      closeSync(pipe.read);
      return text;
    },
  };
}

describe("relaunch", () => {
  test("makes a process that is no session leader, in a session of its own, and is no child", () => {
    const { child, output } = change(["relaunch", "/bin/cat", "/proc/self/stat"], null);
    const text = output();
    expect(reap(child)).toBe(0);
    const [, launcher, daemon] = /^(\d+) (\d+) none 0 mask /m.exec(text) ?? [];
    const stat = /^(\d+) \(cat\) \S \d+ (\d+) (\d+) (\d+)/m.exec(text) ?? [];
    expect(launcher).toBe(String(child.pid));
    expect(stat[1]).toBe(daemon as string);
    const [, , group, session, terminal] = stat;
    expect(group).toBe(session as string);
    expect([launcher, daemon]).not.toContain(session as string);
    expect(terminal).toBe("0");
  });

  test("blocks exactly the seven signals, ignores none, and leaves the launcher's mask alone", () => {
    const { child, output } = change(["relaunch", "/bin/cat", "/proc/self/status"], null);
    const text = output();
    reap(child);
    expect(BigInt(`0x${statusFieldOf(text, "SigBlk")}`)).toBe(SEVEN_MASK);
    expect([statusFieldOf(text, "SigIgn"), statusFieldOf(text, "SigCgt")]).toEqual([NOTHING, NOTHING]);
    expect(text).toContain(`mask ${USR2_MASK}\n`);
  });

  test("keeps 0, 1, 2 and the listed descriptors, and closes the rest", () => {
    const fd = openSync("/dev/zero", "r");
    const { child, output } = change(["relaunch", "/bin/ls", "-l", "/proc/self/fd"], { kept: fd, signalPipe: fd });
    const text = output();
    reap(child);
    closeSync(fd);
    expect([...text.matchAll(/ (\d+) -> /g)].map((match) => match[1])).toEqual(["0", "1", "2", "3", "4"]);
    expect(text).toContain(" 3 -> /dev/zero");
    expect(text).toMatch(/ 4 -> \/proc\/\d+\/fd/);
  });

  test("passes only the environment that it is given", () => {
    const { child, output } = change(["relaunch", "/bin/cat", "/proc/self/environ"], null);
    expect(output()).toContain("ROLE=second\0");
    reap(child);
  });

  test.each([
    ["exec", "/nonexistent", 2],
    ["exec", "/etc/passwd", 13],
  ])("says which stage failed: %s of %s", (stage, path, errno) => {
    const { child, output } = change(["relaunch", path], null);
    expect(output()).toBe(`${child.pid} 0 ${stage} ${errno} mask ${USR2_MASK}\n`);
    reap(child);
  });
});

describe("replace", () => {
  /** What a program sees that has replaced another. */
  function seenAfterReplace(...command: readonly string[]): { readonly pid: number; readonly text: string } {
    const [zero, pipe] = [openSync("/dev/zero", "r"), makePipe()];
    const { child, output } = change(["replace", ...command], { kept: zero, signalPipe: pipe.write });
    const text = output();
    expect(reap(child)).toBe(0);
    for (const fd of [zero, pipe.read, pipe.write]) closeSync(fd);
    return { pid: child.pid, text };
  }

  test("keeps the pid, and blocks exactly the seven signals", () => {
    const { pid, text } = seenAfterReplace("/bin/cat", "/proc/self/status");
    expect(statusFieldOf(text, "Pid")).toBe(String(pid));
    expect(BigInt(`0x${statusFieldOf(text, "SigBlk")}`)).toBe(SEVEN_MASK);
  });

  test("keeps the listed descriptors only", () => {
    const { pid, text } = seenAfterReplace("/bin/ls", "-l", "/proc/self/fd");
    expect([...text.matchAll(/ (\d+) -> /g)].map((match) => match[1])).toEqual(["0", "1", "2", "3", "4"]);
    expect(text).toContain(" 3 -> /dev/zero");
    expect(text).toContain(` 4 -> /proc/${pid}/fd`);
  });

  test("that fails leaves handlers and mask as they were", () => {
    const pipe = makePipe();
    const { child, output } = change(["replace", "/nonexistent"], { kept: pipe.read, signalPipe: pipe.write });
    expect(output()).toBe(`errno 2, mask ${USR2_MASK}, handler works\n`);
    expect(reap(child)).toBe(0);
    closeSync(pipe.read);
    closeSync(pipe.write);
  });

  const hanging = makeHangingFile({ text: "" });
  hanging?.[Symbol.dispose]();

  test.skipIf(hanging === null)("loses no signal that comes while it executes", async () => {
    using file = makeHangingFile({ copyOf: "/bin/cat" });
    using _scratch = makeScratch();
    const pipe = makePipe();
    const { child, output } = change(["replace", file?.path ?? "", "/proc/self/status"], {
      kept: pipe.read,
      signalPipe: pipe.write,
    });
    closeSync(pipe.write);
    const mask = () => BigInt(`0x${statusFieldOf(readFileSync(`/proc/${child.pid}/status`, "utf8"), "SigBlk")}`);
    await until("the program hangs in exec", () => mask() === SEVEN_MASK && statFieldOf(child.pid, 3) === "S");
    const sent = [1, 2, 3, 10, 12, 15];
    for (const signal of sent) process.kill(child.pid, signal);
    // Another thread takes the first of them while the one that executes has them blocked.
    const bytes = Buffer.alloc(64);
    let count = await new Promise<number>((resolve) => read(pipe.read, bytes, 0, 64, null, (_, some) => resolve(some)));
    file?.release();
    const text = output();
    expect(reap(child)).toBe(0);
    count += readSync(pipe.read, bytes, count, bytes.length - count, null);
    closeSync(pipe.read);
    const noted = new Set(bytes.subarray(0, count));
    const pending = BigInt(`0x${statusFieldOf(text, "SigPnd")}`) | BigInt(`0x${statusFieldOf(text, "ShdPnd")}`);
    expect(sent.filter((signal) => !noted.has(signal) && (pending & (1n << BigInt(signal - 1))) === 0n)).toEqual([]);
    expect(noted.size).toBeGreaterThan(0);
  });
});
