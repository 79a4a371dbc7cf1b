import { ptr } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import { closeSync, copyFileSync, openSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { loadNativeProcesses } from "../../src/os/native-processes.ts";
import { OwnChildren } from "../../src/os/own-children.ts";
import { catchesSignal, readChildren, readProcess, readProcessTable } from "../../src/os/processes.ts";
import { compileProgram } from "../compile-program.ts";
import { makeScratch } from "./spawn-kit.ts";

const threadChildren = compileProgram("thread-children");

/** A child that waits until the end of the scope. */
function startSleeper(program = "/bin/sleep") {
  const child = Bun.spawn([program, "1000"], { stdio: ["ignore", "ignore", "ignore"] });
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

describe("a process", () => {
  test("is shown with its parent, group, session, state and start", () => {
    const row = readProcess(process.pid);
    const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
    const [, parent, group, session] = fields.map(Number);
    expect(row).toEqual({
      ...{ pid: process.pid, parent: parent ?? -1, group: group ?? -1, session: session ?? -1 },
      ...{ state: "R", startTicks: Number(fields[19]) },
    });
  });

  test("is shown right whatever it is called", async () => {
    using scratch = makeScratch();
    const program = join(scratch.path, ") R 1 2 (3");
    copyFileSync("/bin/sleep", program);
    await using sleeper = startSleeper(program);
    expect(readProcess(sleeper.pid)).toMatchObject({ pid: sleeper.pid, parent: process.pid });
  });

  test("is found as well if the runtime holds its number as a double", async () => {
    await using sleeper = startSleeper();
    const [own = 0, child = 0] = new Float64Array([process.pid, sleeper.pid]);
    expect(readProcess(child)).toMatchObject({ pid: sleeper.pid, parent: process.pid });
    expect(readChildren(own)).toContain(sleeper.pid);
  });

  test("that does not exist is none", () => {
    expect(readProcess(4_194_304)).toBeNull();
    expect(readChildren(4_194_304)).toBeNull();
    expect(catchesSignal(4_194_304, 1)).toBe(false);
  });

  test("is in the table of all, as it is shown alone", async () => {
    await using sleeper = startSleeper();
    const table = readProcessTable();
    const { pid, parent, startTicks } = readProcess(sleeper.pid) ?? {};
    expect(table.filter((row) => row.pid === sleeper.pid)).toMatchObject([{ pid, parent, startTicks }]);
    expect(table.some((row) => row.pid === process.pid)).toBe(true);
  });

  test("catches the signals that it has handlers for, real-time ones too", async () => {
    await using sleeper = startSleeper();
    const onHangup = (): void => {};
    process.on("SIGHUP", onHangup);
    expect([1, 15, 9, 40].map((signal) => catchesSignal(process.pid, signal))).toEqual([
      true,
      isCaught(15),
      false,
      isCaught(40),
    ]);
    process.off("SIGHUP", onHangup);
    expect([1, 15, 40].map((signal) => catchesSignal(sleeper.pid, signal))).toEqual([false, false, false]);
  });
});

/** By the mask that the kernel shows of this process. */
function isCaught(signal: number): boolean {
  const mask = /^SigCgt:\s*(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

describe("the children of a process", () => {
  test("are those of its main thread", async () => {
    await using sleeper = startSleeper();
    expect(readChildren(process.pid)).toContain(sleeper.pid);
    expect(readChildren(sleeper.pid)).toEqual([]);
  });

  test.skipIf(threadChildren === null)("are those of all its threads", async () => {
    const parent = Bun.spawn([threadChildren ?? ""], { stdin: "pipe", stdout: "pipe" });
    const reader = parent.stdout.getReader();
    const { value } = await reader.read();
    const numbers = new TextDecoder().decode(value).trim().split(" ").map(Number);
    const found = readChildren(parent.pid);
    await parent.stdin.end();
    await parent.exited;
    expect(new Set(numbers).size).toBe(3);
    expect(new Set(found)).toEqual(new Set(numbers));
  });
});

describe("strangers among the own children", () => {
  test("are those that are not known", async () => {
    await using first = startSleeper();
    await using second = startSleeper();
    using children = new OwnChildren();
    expect(children.strangers()).toEqual(expect.arrayContaining([first.pid, second.pid]));
    children.know(first.pid);
    expect(children.strangers()).toContain(second.pid);
    expect(children.strangers()).not.toContain(first.pid);
    children.know(second.pid);
    children.forget(first.pid);
    expect(children.strangers()).toContain(first.pid);
    expect(children.strangers()).not.toContain(second.pid);
  });

  test("are seen as well when they have ended and wait to be reaped", async () => {
    using children = new OwnChildren();
    const before = children.strangers();
    const child = Bun.spawn(["/bin/sh", "-c", "kill -9 $$"], { stdio: ["ignore", "ignore", "ignore"] });
    // Not reaped before this turn of the loop is over.
    const deadline = performance.now() + 20_000;
    while (readProcess(child.pid)?.state !== "Z" && performance.now() < deadline) Bun.sleepSync(1);
    expect(children.strangers()).toEqual([...before, child.pid]);
    await child.exited;
  });
});

/** Numbers from 0 to 1, always the same ones. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe("strangers among many children", () => {
  /** So many that most of their list stands before the place from which it is read. */
  const MANY = 160;

  test("are found from the end of the list as in all of it, whoever is made, known and reaped meanwhile", async () => {
    await using sleepers = new AsyncDisposableStack();
    using children = new OwnChildren();
    const alive: ReturnType<typeof startSleeper>[] = [];
    const unknown = new Set(children.strangers());
    const begin = (isKnown: boolean): void => {
      const sleeper = sleepers.use(startSleeper());
      alive.push(sleeper);
      if (isKnown) children.know(sleeper.pid);
      else unknown.add(sleeper.pid);
    };
    const endAt = async (index: number, isTold: boolean): Promise<void> => {
      const [sleeper] = alive.splice(index, 1);
      await sleeper?.[Symbol.asyncDispose]();
      if (sleeper === undefined) return;
      unknown.delete(sleeper.pid);
      if (isTold) children.forget(sleeper.pid);
    };
    for (let count = 0; count < MANY; count++) begin(true);
    const random = randomOf(7);
    for (let step = 0; step < 120; step++) {
      children.lookAhead();
      const choice = random();
      // At either end of the list, told or not; a number that is not forgotten counts as known.
      if (choice < 0.3) await endAt(random() < 0.5 ? alive.length - 1 : Math.floor(random() * 5), random() < 0.5);
      else begin(choice < 0.6);
      expect(new Set(children.strangers())).toEqual(unknown);
      if (unknown.size > 3) for (const pid of unknown) children.know(pid);
      if (unknown.size > 3) unknown.clear();
    }
    children.lookAhead();
    // More than stand behind that place.
    for (let count = 0; count < MANY * 0.7; count++) await endAt(0, false);
    begin(false);
    expect(new Set(children.strangers())).toEqual(unknown);
  });
});

/** What the kernel shows of own children, as the native functions know it: see processes.c. */
function listOfOwn(known: Uint8Array, fd: number): BigInt64Array {
  const list = new BigInt64Array(8);
  list.set([BigInt(ptr(known)), BigInt(fd)]);
  return list;
}

test("a place near the end of one list is kept while another list is read", async () => {
  await using sleepers = new AsyncDisposableStack();
  const known = new Uint8Array(4_194_304 / 8).fill(0xff);
  for (let count = 0; count < 160; count++) sleepers.use(startSleeper());
  const native = loadNativeProcesses();
  const found = new Int32Array(16);
  const open = (): number => openSync(`/proc/self/task/${process.pid}/children`, "r");
  const fds = [open(), open()];
  sleepers.defer(() => fds.forEach((fd) => closeSync(fd)));
  const [one, other] = fds.map((fd) => listOfOwn(known, fd));
  if (one === undefined || other === undefined) throw new Error("there are two");
  expect(native.readStrangers(ptr(one), ptr(found), found.length)).toBe(0);
  expect(native.approachEnd(ptr(one))).toBe(true);
  expect(native.readStrangers(ptr(other), ptr(found), found.length)).toBe(0);
  expect(native.readNewStrangers(ptr(one), ptr(found), found.length)).toBe(0);
  // Without a place it says that it cannot tell.
  expect(native.readNewStrangers(ptr(one), ptr(found), found.length)).toBe(-constants.errno.EAGAIN);
});

describe("the own children that have ended", () => {
  test("are those that wait to be reaped, whoever is known", async () => {
    await using sleeper = startSleeper();
    using children = new OwnChildren();
    const ended = [1, 2].map(() =>
      Bun.spawn(["/bin/sh", "-c", "kill -9 $$"], { stdio: ["ignore", "ignore", "ignore"] }),
    );
    const pids = ended.map(({ pid }) => pid);
    for (const pid of pids) children.know(pid);
    // Not reaped before this turn of the loop is over.
    const deadline = performance.now() + 20_000;
    while (pids.some((pid) => readProcess(pid)?.state !== "Z") && performance.now() < deadline) Bun.sleepSync(1);
    expect(children.ended()).toEqual(expect.arrayContaining(pids));
    expect(children.ended()).not.toContain(sleeper.pid);
    await Promise.all(ended.map(({ exited }) => exited));
    expect(children.ended()).not.toContain(pids[0]);
  });
});
