/* Pipes that outlive whoever reads them: by their names, by what the estate keeps, and what is known of them by a file. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlaneFiles } from "../../src/daemon-plane-files.ts";
import { Estate } from "../../src/daemon-estate.ts";
import type { EstatePort } from "../../src/core/estate.ts";
import { type OutputPipePorts, OutputPipes } from "../../src/log/output-pipes.ts";
import { decodeSlotEntry, encodeSlotEntry, type SlotEntry } from "../../src/log/slot-entry.ts";
import { findLogFifo, openLogFifo } from "../../src/os/log-fifo.ts";
import { closeDescriptor, readPipe } from "../../src/os/pipe-io.ts";
import { NO_PIPES } from "./plane-harness.ts";

let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "output-pipes-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** What is to be done in a second. */
let inASecond: (() => void) | null = null;

function passASecond(): void {
  const run = inASecond;
  inASecond = null;
  run?.();
}

function later(run: () => void): () => void {
  inASecond = run;
  return () => (inASecond = null);
}

/** Those of one life. */
function pipesOf(boot = "this boot", estate: EstatePort = NO_PIPES.estate): OutputPipes {
  return new OutputPipes({ ...new PlaneFiles({ directory, boot, estate }).pipes, later }, closeDescriptor);
}

function made(pipes: OutputPipes, of: Omit<SlotEntry, "pid">): { readonly read: number; readonly write: number } {
  const ends = pipes.make(of, 0);
  if (typeof ends === "string") throw new Error(ends);
  return ends;
}

function contentOf(fd: number): string {
  const buffer = new Uint8Array(100);
  const read = readPipe(fd, buffer, { offset: 0, most: 100 });
  return read.tag === "read" ? new TextDecoder().decode(buffer.subarray(0, read.count)) : read.tag;
}

const OUT = { run: 7, service: "a", stream: "stdout" } as const;

describe("after the death of every reader", () => {
  test("a pipe is found by its name, with whose it is and what is in it, and comes to its end", () => {
    const first = pipesOf();
    const { read, write } = made(first, OUT);
    first.begin(read, 1234);
    writeSync(write, "before ");
    closeDescriptor(read);
    writeSync(write, "after");
    const [run] = pipesOf().adopted;
    expect(run).toMatchObject({ run: 7, service: "a", pid: 1234, pipes: [{ slot: 0, stream: "stdout" }] });
    const found = run?.pipes[0]?.fd ?? -1;
    expect(contentOf(found)).toBe("before after");
    expect(contentOf(found)).toBe("empty");
    closeDescriptor(write);
    expect(contentOf(found)).toBe("ended");
    closeDescriptor(found);
  });

  test("both pipes of a run are of one run, whose number is 0 until it is known", () => {
    const first = pipesOf();
    const pipes = [made(first, OUT), made(first, { ...OUT, stream: "stderr" })];
    const [run, ...others] = pipesOf().adopted;
    expect(others).toEqual([]);
    expect(run?.pid).toBe(0);
    expect(run?.pipes.map(({ slot, stream }) => [slot, stream])).toEqual([
      [0, "stdout"],
      [1, "stderr"],
    ]);
    for (const { read, write } of pipes) for (const fd of [read, write]) closeDescriptor(fd);
    for (const { fd } of run?.pipes ?? []) closeDescriptor(fd);
  });

  test("a place that is taken is given to nobody else, and one that was given back is free", () => {
    const first = pipesOf();
    const gone = made(first, OUT);
    const kept = made(first, { ...OUT, run: 8 });
    first.close(gone.read);
    const second = pipesOf();
    expect(second.adopted.map(({ run }) => run)).toEqual([8]);
    const next = [made(second, { ...OUT, run: 9 }), made(second, { ...OUT, run: 10 })];
    expect(next.map(({ read }) => second.begin(read, 1))).toEqual([0, 2]);
    // Somebody still has the other end of the pipe that had this place.
    writeSync(gone.write, "of another run");
    expect(contentOf(next[0]?.read ?? -1)).toBe("empty");
    for (const { read, write } of [kept, ...next]) for (const fd of [read, write]) closeDescriptor(fd);
    closeDescriptor(gone.write);
    for (const { fd } of second.adopted[0]?.pipes ?? []) closeDescriptor(fd);
  });

  test("of another boot nothing is left", () => {
    const { read, write } = made(pipesOf(), OUT);
    expect(pipesOf("another boot").adopted).toEqual([]);
    for (const fd of [read, write]) closeDescriptor(fd);
  });

  test("a table that is damaged or cut short is one with fewer entries", () => {
    const { read, write } = made(pipesOf(), OUT);
    const slots = join(directory, "slots");
    truncateSync(slots, 40_000);
    expect(pipesOf().adopted).toEqual([]);
    writeFileSync(slots, new Uint8Array(2_000_000).fill(1));
    expect(pipesOf().adopted).toEqual([]);
    for (const fd of [read, write]) closeDescriptor(fd);
  });
});

/** Beside the pipes it has the table. */
function pipesIn(estate: Estate): readonly (readonly [string, number])[] {
  return [...estate.manifest].filter(([name]) => name !== "plane slots");
}

describe("the estate", () => {
  test("keeps a pipe that nobody else has open, and is told when it is closed", () => {
    const estate = new Estate(new Map());
    const { read, write } = made(pipesOf("this boot", estate), OUT);
    writeSync(write, "last words");
    closeDescriptor(write);
    expect(pipesIn(estate)).toEqual([["log 0", read]]);
    const heir = new Estate(estate.manifest);
    const second = pipesOf("this boot", heir);
    expect(second.adopted).toMatchObject([{ run: 7, pipes: [{ fd: read }] }]);
    expect(contentOf(read)).toBe("last words");
    second.close(read);
    expect(pipesIn(heir)).toEqual([]);
    expect(pipesOf().adopted).toEqual([]);
  });

  test("is not left with a pipe of which nobody knows whose it is", () => {
    const estate = new Estate(new Map());
    const { write } = made(pipesOf("this boot", estate), OUT);
    const heir = new Estate(estate.manifest);
    expect(pipesOf("another boot", heir).adopted).toEqual([]);
    expect(pipesIn(heir)).toEqual([]);
    closeDescriptor(write);
  });
});

/** So many for runs that begin one after the other. */
function manyOf(pipes: OutputPipes, count: number): ReturnType<typeof made>[] {
  return Array.from({ length: count }, (_, index) => made(pipes, { ...OUT, run: 8 + index }));
}

describe("where many pipes are asked for", () => {
  test("some are made ahead, all of them in the estate before the first is given out, and each is given out once", () => {
    const estate = new Estate(new Map());
    const pipes = pipesOf("this boot", estate);
    const taken = manyOf(pipes, 4);
    expect(pipesIn(estate).length).toBe(4);
    taken.push(made(pipes, OUT));
    const held = pipesIn(estate).length;
    expect(held).toBe(8);
    taken.push(...manyOf(pipes, held - taken.length));
    expect(pipesIn(estate).map(([, fd]) => fd)).toEqual(taken.map(({ read }) => read));
    for (const { read, write } of taken) {
      writeSync(write, "own");
      expect(contentOf(read)).toBe("own");
      closeDescriptor(write);
      pipes.close(read);
    }
    expect(pipesIn(estate)).toEqual([]);
  });

  test("those that nobody has asked for are let go of in a while, with their places", () => {
    const estate = new Estate(new Map());
    const pipes = pipesOf("this boot", estate);
    const taken = manyOf(pipes, 5);
    passASecond();
    expect(pipesIn(estate).length).toBe(8);
    passASecond();
    expect(pipesIn(estate).map(([, fd]) => fd)).toEqual(taken.map(({ read }) => read));
    // Nothing is to be looked at any more, and whoever asks next asks for one alone.
    expect(inASecond).toBeNull();
    taken.push(made(pipes, { ...OUT, run: 20 }));
    expect(pipesIn(estate).length).toBe(6);
    // A pipe that is let go of has no writer left.
    for (const { read, write } of taken) for (const fd of [read, write]) closeDescriptor(fd);
    expect(readdirSync("/proc/self/fd").filter((fd) => leadsInto(directory, fd))).toEqual([]);
  });

  test("those that nobody has asked for are let go of at an orderly end", () => {
    const estate = new Estate(new Map());
    const pipes = pipesOf("this boot", estate);
    const taken = manyOf(pipes, 5);
    pipes.tidy();
    expect(pipesIn(estate).length).toBe(5);
    expect(inASecond).toBeNull();
    expect(readdirSync(directory).filter((name) => /^\d+$/.test(name)).length).toBe(5);
    for (const { read, write } of taken) for (const fd of [read, write]) closeDescriptor(fd);
  });

  test("a successor is left with none of which nobody knows whose it is", () => {
    const estate = new Estate(new Map());
    const files = new PlaneFiles({ directory, boot: "this boot", estate });
    const writers: number[] = [];
    const openPipe: OutputPipePorts["openPipe"] = (slot, leaving) => {
      const ends = files.pipes.openPipe(slot, leaving);
      if (typeof ends !== "string") writers.push(ends.write);
      return ends;
    };
    const pipes = new OutputPipes({ ...files.pipes, openPipe, later }, closeDescriptor);
    const taken = manyOf(pipes, 5);
    expect(writers.length).toBe(8);
    taken.forEach(({ read }, index) => pipes.begin(read, 1234 + index));
    const heir = new Estate(estate.manifest);
    const second = pipesOf("this boot", heir);
    expect(second.adopted.map(({ run, pid }) => [run, pid])).toEqual(
      taken.map((_, index) => [8 + index, 1234 + index]),
    );
    expect(pipesIn(heir).map(([, fd]) => fd)).toEqual(taken.map(({ read }) => read));
    for (const { read } of taken) second.close(read);
    for (const write of writers) closeDescriptor(write);
  });
});

/** true: the descriptor is of a pipe there. */
function leadsInto(place: string, fd: string): boolean {
  try {
    return /\/\d+$/.test(readlinkSync(`/proc/self/fd/${fd}`)) && readlinkSync(`/proc/self/fd/${fd}`).startsWith(place);
  } catch {
    return false;
  }
}

describe("a pipe with a name", () => {
  test("has the usual size and semantics, and its name belongs to whoever takes it last", () => {
    const path = join(directory, "pipe");
    writeFileSync(path, "no pipe");
    const first = openLogFifo(path);
    const second = openLogFifo(path);
    if (first.tag === "failed" || second.tag === "failed") throw new Error("no pipe");
    writeSync(first.ends.write, "1");
    writeSync(second.ends.write, "2");
    const found = findLogFifo(path) ?? -1;
    expect(contentOf(found)).toBe("2");
    expect(contentOf(first.ends.read)).toBe("1");
    for (const { read, write } of [first.ends, second.ends]) for (const fd of [read, write]) closeDescriptor(fd);
    expect(contentOf(found)).toBe("ended");
    closeDescriptor(found);
    expect(findLogFifo(join(directory, "none"))).toBeNull();
    expect(readdirSync(directory)).toEqual(["pipe"]);
  });

  test("fails where it cannot be made", () => {
    expect(openLogFifo("/proc/none/pipe")).toEqual({ tag: "failed", errno: "ENOENT" });
  });
});

test("an entry of the table comes back as it was, and one that is damaged is nobody's", () => {
  const entry: SlotEntry = { run: 1_000_000_001, service: "x".repeat(64), pid: 4_194_304, stream: "stderr" };
  const bytes = encodeSlotEntry(entry);
  expect(decodeSlotEntry(bytes)).toEqual(entry);
  // The number of the process may be written at any time, and so be torn.
  for (let at = 4; at < 14 + 64; at++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    expect([at, decodeSlotEntry(damaged)]).toEqual([at, null]);
  }
  expect(decodeSlotEntry(encodeSlotEntry(null))).toBeNull();
  expect(decodeSlotEntry(new Uint8Array(0))).toBeNull();
});
