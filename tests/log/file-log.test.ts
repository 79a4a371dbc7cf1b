import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileLog } from "../../src/log/file-log.ts";
import { lineFormatOf } from "../../src/log/line-format.ts";
import type { Block } from "../../src/log/line-framer.ts";
import { OpenFiles } from "../../src/log/open-files.ts";
import { OutBuffer } from "../../src/log/out-buffer.ts";
import { readCompressedLogEnd } from "../../src/os/compressed-log.ts";
import * as logFile from "../../src/os/log-file.ts";
import { withFileSizeLimit } from "./file-size-limit.ts";

const files = { ...logFile, readCompressedLogEnd };
const KEEP_ALL = { maxAge: null, keepSize: null, keepAge: null, compress: null };

let directory = "";
let path = "";
let wakes: number[] = [];
let problems: { readonly message: string; readonly recovered: boolean }[] = [];
const logs: FileLog[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "file-log-"));
  path = join(directory, "a.log");
  problems = [];
  wakes = [];
});

afterEach(() => {
  for (const log of logs.splice(0)) log.close(0);
  rmSync(directory, { recursive: true, force: true });
});

function openLog(limits: { maxSize: number; keep: number }, stamp: "none" | "unix" = "none"): FileLog {
  const place = { path, limits: { ...KEEP_ALL, ...limits }, timeOf: () => null };
  const log = new FileLog(place, lineFormatOf({ format: "plain", stamp }), {
    files,
    openFiles: new OpenFiles(),
    out: new OutBuffer(),
    report: (message, recovered) => void problems.push({ message, recovered }),
    compressSoon: () => undefined,
    wakeAt: (at) => void wakes.push(at),
    held: () => undefined,
    lost: () => undefined,
  });
  logs.push(log);
  return log;
}

const PIPE = {};
const OTHER_PIPE = {};

interface WriteOptions {
  /** Seconds since 1970. */
  readonly at?: number;
  readonly pipe?: object;
  readonly continues?: boolean;
  readonly unfinished?: boolean;
}

function write(log: FileLog, text: string, options: WriteOptions = {}): void {
  const bytes = new TextEncoder().encode(text);
  const { at = 0, pipe = PIPE, continues = false, unfinished = false } = options;
  const block: Block = { bytes, start: 0, end: bytes.length, continues, unfinished };
  log.write(block, { service: "web", pid: 7, stream: "stdout", at: at * 1_000_000, pipe });
}

function read(index = 0): string {
  return readFileSync(index === 0 ? path : `${path}.${index}`, "utf8");
}

const LARGE = { maxSize: 1_000_000, keep: 3 };

describe("rotation", () => {
  test("by size keeps every numbered line exactly once and whole, through 200 rotations", () => {
    const log = openLog({ maxSize: 1000, keep: 300 });
    let number = 0;
    let expected = "";
    while (number < 22_000) {
      let text = "";
      for (let left = 1 + ((number * 7) % 90); left > 0; left--) text += `${number++}\n`;
      write(log, text);
      expected += text;
    }
    const names = readdirSync(directory).toSorted((a, b) => indexOf(b) - indexOf(a));
    expect(names.length).toBeLessThan(300);
    const chunks = names.map((name) => readFileSync(join(directory, name), "utf8"));
    expect(chunks.join("")).toBe(expected);
    for (const chunk of chunks) expect([chunk.length <= 1000, chunk.endsWith("\n")]).toEqual([true, true]);
    expect(problems).toEqual([]);
  });

  test("keeps no more files than asked for", () => {
    const log = openLog({ maxSize: 4, keep: 2 });
    for (const text of ["1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n"]) write(log, text);
    expect([read(2), read(1), read()]).toEqual(["3\n4\n", "5\n6\n", "7\n"]);
    expect(readdirSync(directory).length).toBe(3);
  });

  test("with nothing to keep begins the file anew", () => {
    const log = openLog({ maxSize: 4, keep: 0 });
    for (const text of ["1\n", "2\n", "3\n"]) write(log, text);
    expect(readdirSync(directory)).toEqual(["a.log"]);
    expect(read()).toBe("3\n");
  });

  test("a line that is larger than the file may be stands alone", () => {
    const log = openLog({ maxSize: 10, keep: 5 });
    write(log, "one\n123456789012345\ntwo\n");
    expect([read(2), read(1), read()]).toEqual(["one\n", "123456789012345\n", "two\n"]);
  });

  test("a line that comes in pieces is not cut while it could fit into a file", () => {
    const log = openLog({ maxSize: 10, keep: 5 });
    write(log, "one\n");
    write(log, "12345", { unfinished: true });
    write(log, "67\ntwo\n", { continues: true });
    expect([read(1), read()]).toEqual(["one\n1234567\n", "two\n"]);
  });

  test("a line without end is spread over files, not a byte more or less", () => {
    const log = openLog({ maxSize: 10, keep: 5 });
    for (let piece = 0; piece < 8; piece++) write(log, "1234", { continues: piece > 0, unfinished: true });
    write(log, "\n", { continues: true });
    const chunks = readdirSync(directory).map((name) => readFileSync(join(directory, name), "utf8"));
    expect(chunks.every((chunk) => chunk.length < 20)).toBe(true);
    expect(chunks.join("").replaceAll("\n", "")).toBe("1234".repeat(8));
  });

  test("that was interrupted by a crash overwrites nothing but the gap it left", () => {
    writeFileSync(`${path}.3`, "oldest\n");
    writeFileSync(`${path}.2`, "older\n");
    writeFileSync(path, "old\n");
    const log = openLog({ maxSize: 4, keep: 3 });
    write(log, "new\n");
    expect([read(3), read(2), read(1), read()]).toEqual(["oldest\n", "older\n", "old\n", "new\n"]);
  });

  test("that is impossible lets the file grow, and says so once", () => {
    const log = openLog({ maxSize: 4, keep: 1 });
    // A directory in the place of the rotated file: nobody, not even root, can rename a file over it.
    mkdirSync(`${path}.1`);
    for (const at of [0, 0.5, 5]) write(log, "12\n", { at });
    expect(read()).toBe("12\n12\n12\n");
    expect(problems.map(({ message }) => message.split(":")[0])).toEqual([`cannot rotate "${path}"`]);
    rmSync(`${path}.1`, { recursive: true });
    write(log, "34\n", { at: 7 });
    expect([read(1), read()]).toEqual(["12\n12\n12\n", "34\n"]);
    expect(problems.map(({ recovered }) => recovered)).toEqual([false, true]);
  });
});

function indexOf(name: string): number {
  return Number(name.split(".log.")[1] ?? 0);
}

describe("an unfinished line", () => {
  test("at the end of the file from a time before is ended first", () => {
    writeFileSync(path, "torn");
    write(openLog(LARGE), "one\n");
    expect(read()).toBe("torn\none\n");
  });

  test("is continued by its own pipe without a newline or a stamp", () => {
    const log = openLog(LARGE, "unix");
    write(log, "begin ", { unfinished: true });
    write(log, "middle ", { continues: true, unfinished: true });
    write(log, "end\nnext\n", { continues: true });
    expect(read()).toBe("0.000000 begin middle end\n0.000000 next\n");
  });

  test("is ended when another pipe writes, and continued as a line of its own", () => {
    const log = openLog(LARGE, "unix");
    write(log, "begin ", { unfinished: true });
    write(log, "other\n", { pipe: OTHER_PIPE });
    write(log, "end\n", { continues: true });
    expect(read()).toBe("0.000000 begin \n0.000000 other\n0.000000 end\n");
  });
});

describe("two unfinished lines", () => {
  test("are never taken for one another", () => {
    const log = openLog(LARGE);
    write(log, "a1 ", { unfinished: true });
    write(log, "b1 ", { unfinished: true, pipe: OTHER_PIPE });
    write(log, "a2 ", { continues: true, unfinished: true });
    write(log, "b2\n", { continues: true, pipe: OTHER_PIPE });
    expect(read()).toBe("a1 \nb1 \na2 \nb2\n");
  });
});

describe("a disk that is full", () => {
  test("tears no line; what was held back follows when there is room, and what was lost is counted", () => {
    const log = openLog(LARGE, "unix");
    write(log, "one\n");
    withFileSizeLimit(40, () => write(log, "two\nthree\n"));
    expect(read()).toBe("0.000000 one\n0.000000 two\n");
    expect(log.heldBack.length).toBe(1);
    expect(problems.length).toBe(1);
    expect(problems[0]?.message).toStartWith(`cannot write "${path}": EFBIG`);
    // Within a second it is not even tried.
    write(log, "four\n", { at: 0.5 });
    expect(statSync(path).size).toBe(26);
    write(log, "five\n", { at: 2 });
    expect(read()).toBe("0.000000 one\n0.000000 two\n0.000000 three\n0.500000 four\n2.000000 five\n");
    expect(problems.map(({ recovered }) => recovered)).toEqual([false, true]);
    expect(problems[1]?.message).toContain("0 lines were lost");
  });

  test("costs the lines that had to make room in memory, and their number is said", () => {
    const log = openLog(LARGE);
    write(log, "one\n");
    withFileSizeLimit(4, () => {
      for (let number = 0; number < 1000; number++) write(log, `${number}\n`, { at: number / 10 });
    });
    write(log, "last\n", { at: 200 });
    const kept = Array.from({ length: 100 }, (_, index) => `${900 + index}\n`).join("");
    expect(read()).toBe(`one\n${kept}last\n`);
    expect(problems.map(({ recovered }) => recovered)).toEqual([false, true]);
    expect(problems[1]?.message).toContain("900 lines were lost");
  });

  test("again while what was held back is written doubles and loses nothing", () => {
    const log = openLog(LARGE);
    withFileSizeLimit(0, () => write(log, "one\ntwo\nthree\n"));
    withFileSizeLimit(9, () => write(log, "four\n", { at: 2 }));
    expect(read()).toBe("one\ntwo\n");
    write(log, "five\n", { at: 4 });
    expect(read()).toBe("one\ntwo\nthree\nfour\nfive\n");
    expect(problems.map(({ recovered }) => recovered)).toEqual([false, true]);
  });

  test("in the middle of a rotation loses nothing either", () => {
    const log = openLog({ maxSize: 20, keep: 100 });
    withFileSizeLimit(10, () => write(log, "1111\n2222\n3333\n4444\n5555\n"));
    write(log, "6666\n", { at: 2 });
    expect(read(1) + read()).toBe("1111\n2222\n3333\n4444\n5555\n6666\n");
  });

  test("does not mix up a long line that it interrupts", () => {
    const log = openLog(LARGE);
    write(log, "begin ", { unfinished: true });
    withFileSizeLimit(8, () => write(log, "middle ", { continues: true, unfinished: true }));
    write(log, "end\n", { continues: true, at: 2 });
    write(log, "next\n", { at: 2 });
    expect(read().split("\n").slice(-2)).toEqual(["next", ""]);
    expect(read()).toStartWith("begin ");
  });

  test("is tried again by itself, less and less often, while nothing more is to be written", () => {
    const second = 1_000_000;
    const log = openLog(LARGE);
    withFileSizeLimit(0, () => {
      write(log, "last words\n", { at: 10 });
      expect(wakes.splice(0)).toEqual([11 * second]);
      log.rotateIfDue(10.5 * second);
      expect(wakes.splice(0)).toEqual([11 * second]);
      for (const at of [11, 13, 17, 25, 41, 73, 133, 193]) log.rotateIfDue(at * second);
      expect(wakes.splice(0)).toEqual([13, 17, 25, 41, 73, 133, 193, 253].map((at) => at * second));
    });
    log.rotateIfDue(252 * second);
    expect(read()).toBe("");
    // A clock that is set back holds nothing up.
    log.rotateIfDue(5 * second);
    expect(read()).toBe("last words\n");
    expect(problems.map(({ recovered }) => recovered)).toEqual([false, true]);
    wakes.splice(0);
    log.rotateIfDue(300 * second);
    expect(wakes).toEqual([]);
  });

  test("when the log is given up, what could not be written is said to be lost", () => {
    const log = openLog(LARGE);
    withFileSizeLimit(0, () => {
      write(log, "one\ntwo\n");
      log.close(1);
    });
    expect(problems.at(-1)?.message).toContain("2 lines were lost");
  });
});

describe("a file that others touch", () => {
  test("is made again when it was deleted", () => {
    const log = openLog(LARGE);
    write(log, "one\n");
    rmSync(path);
    write(log, "two\n");
    expect(read()).toBe("two\n");
  });

  test("gets no empty line when it was emptied in the middle of a long one", () => {
    const log = openLog(LARGE);
    write(log, "begin ", { unfinished: true });
    truncateSync(path, 0);
    write(log, "other\n", { pipe: OTHER_PIPE });
    expect(read()).toBe("other\n");
  });

  test("is counted anew when it was emptied (copytruncate)", () => {
    const log = openLog({ maxSize: 8, keep: 1 });
    write(log, "one\ntwo\n");
    truncateSync(path, 0);
    write(log, "three\n");
    expect(readdirSync(directory)).toEqual(["a.log"]);
    expect(read()).toBe("three\n");
  });
});
