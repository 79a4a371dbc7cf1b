/* What is written of services for a successor, whatever becomes of the writer and of the file. */
import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { closeSync, ftruncateSync, openSync, readFileSync, readSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type RecordFile, openRecordFile, readRecordFile } from "../../src/os/record-file.ts";
import { HALF, PAGE } from "../../src/os/record-layout.ts";
import type { FoundText, RecordOpener } from "../../src/os/record-left.ts";
import { Spawner } from "../../src/os/spawn.ts";
import { commandOf, expectChild, makePipe, makeScratch, reap, requestOf } from "./spawn-kit.ts";

const OPENER: RecordOpener = { bootId: "boot", version: 2, convert: (text, version) => `${text} of ${version}` };

interface Opened {
  readonly file: RecordFile;
  readonly found: ReadonlyMap<string, FoundText>;
  readonly problems: readonly string[];
}

function open(path: string, changes: Partial<RecordOpener> = {}): Opened {
  const opening = openRecordFile(path, { ...OPENER, ...changes });
  if (opening.tag === "failed") throw new Error(opening.message);
  return opening;
}

/** What a successor finds, as "key=text", with a "!" if it is done. */
function foundIn(path: string, changes: Partial<RecordOpener> = {}): readonly string[] {
  const { file, found } = open(path, changes);
  file[Symbol.dispose]();
  return [...found].map(([key, { text, isDone }]) => `${key}=${text}${isDone ? "!" : ""}`).toSorted();
}

function write(path: string, texts: Readonly<Record<string, string>>): void {
  const { file } = open(path);
  for (const [key, text] of Object.entries(texts)) expect(file.write(key, text)).toBeNull();
  file[Symbol.dispose]();
}

describe("a successor finds", () => {
  test("the last text of each key, what is done, and nothing that was forgotten", () => {
    using scratch = makeScratch();
    const path = join(scratch.path, "records");
    const { file } = open(path);
    for (const text of ["one", "two"]) expect(file.write("web", text)).toBeNull();
    expect(file.write("mail", "käse")).toBeNull();
    file.done("mail");
    expect(file.write("gone", "x")).toBeNull();
    expect(file.forget("gone")).toBeNull();
    expect(file.forget("never there")).toBeNull();
    file[Symbol.dispose]();
    expect(foundIn(path)).toEqual(["mail=käse!", "web=two"]);
    // Opening writes all of it anew.
    expect(foundIn(path)).toEqual(["mail=käse!", "web=two"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("what was left, also if it was only read before", () => {
    using scratch = makeScratch();
    const path = join(scratch.path, "records");
    write(path, { web: "one", mail: "two" });
    const before = readFileSync(path);
    const left = readRecordFile(path, OPENER);
    if (left.tag === "failed") throw new Error(left.message);
    expect([...left.found.keys()]).toEqual(["web", "mail"]);
    expect(readFileSync(path).equals(before)).toBeTrue();
    const begun = left.goOn();
    if (begun.tag === "failed") throw new Error(begun.message);
    expect(begun.file.write("web", "three")).toBeNull();
    begun.file[Symbol.dispose]();
    expect(foundIn(path)).toEqual(["mail=two", "web=three"]);
  });

  test("everything, however often it was written", () => {
    using scratch = makeScratch();
    const path = join(scratch.path, "records");
    const { file } = open(path);
    const long = "x".repeat(3_000);
    for (let turn = 0; turn < 40; turn++)
      for (let key = 0; key < 50; key++) expect(file.write(`service-${key}`, `${turn} ${long}`)).toBeNull();
    file.done("service-49");
    for (let turn = 0; turn < 500; turn++) expect(file.write("service-0", `${turn} ${long}`)).toBeNull();
    file[Symbol.dispose]();
    const found = foundIn(path);
    expect(found.length).toBe(50);
    expect(found.filter((text) => text.includes("=39 ")).length).toBe(49);
    expect(found).toContain(`service-0=499 ${long}`);
    expect(found).toContain(`service-49=39 ${long}!`);
    // What no longer counts takes no room: 150 KB do.
    expect(statSync(path).blocks * 512).toBeLessThan(600_000);
  });

  test("nothing after an orderly end, or after another boot", () => {
    using scratch = makeScratch();
    const path = join(scratch.path, "records");
    write(path, { web: "one" });
    expect(foundIn(path, { bootId: "another" })).toEqual([]);
    expect(foundIn(path)).toEqual([]);
    write(path, { web: "one" });
    const { file } = open(path);
    file.clear();
    file[Symbol.dispose]();
    expect(foundIn(path)).toEqual([]);
  });

  test("texts of the version before, converted; none of one to come, and why", () => {
    using scratch = makeScratch();
    const path = join(scratch.path, "records");
    const { file } = open(path, { version: 1 });
    file.write("web", "one");
    file.write("bad", "two");
    file[Symbol.dispose]();
    const convert: RecordOpener["convert"] = (text, version) => (text === "two" ? null : `${text} of ${version}`);
    expect(foundIn(path, { convert })).toEqual(["web=one of 1"]);
    expect(foundIn(path)).toEqual(["web=one of 1"]);
    write(path, { web: "new" });
    const { problems, found, file: older } = open(path, { version: 1 });
    older[Symbol.dispose]();
    expect([...found]).toEqual([]);
    expect(problems.join()).toContain("it is of version 2, and this daemonsup reads up to 1");
  });
});

test("a text that has no room is refused, and what was there stays", () => {
  using scratch = makeScratch();
  const path = join(scratch.path, "records");
  const { file } = open(path);
  file.write("web", "one");
  expect(file.write("web", "x".repeat(HALF))).toBe("EFBIG");
  expect(file.write("web", "two")).toBeNull();
  file[Symbol.dispose]();
  expect(foundIn(path)).toEqual(["web=two"]);
});

const SIZE = PAGE + 2 * HALF;
/** Of each part of the file, as much as these tests write. */
const PARTS = [0, PAGE, PAGE + HALF] as const;
const PART = 512;

/** What stands in the file, without the holes. */
function contentsOf(path: string): readonly Buffer[] {
  using file = openFile(path, "r");
  return PARTS.map((at) => {
    const bytes = Buffer.alloc(PART);
    readSync(file.fd, bytes, 0, PART, at);
    return bytes;
  });
}

function store(path: string, contents: readonly Buffer[]): void {
  using file = openFile(path, "w");
  for (const [index, bytes] of contents.entries()) writeSync(file.fd, bytes, 0, PART, PARTS[index] ?? 0);
  ftruncateSync(file.fd, SIZE);
}

function openFile(path: string, flags: string): { readonly fd: number; [Symbol.dispose](): void } {
  const fd = openSync(path, flags);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

const WRITTEN = { web: "first", mail: "second", cron: "third" };
const CHANGED = "changed to something that is longer than it was";
const WHOLE = ["cron=third", "mail=second", "web=first"];

test("whichever byte of the file is damaged, what is found is as it was written, and what is lost is said", () => {
  using scratch = makeScratch();
  const [path, damaged] = [join(scratch.path, "records"), join(scratch.path, "damaged")];
  write(path, WRITTEN);
  const contents = contentsOf(path);
  let losses = 0;
  for (const part of contents) {
    for (let at = 0; at < PART; at++) {
      const before = part[at] ?? 0;
      if (before === 0) continue;
      part[at] = before ^ 0x55;
      store(damaged, contents);
      part[at] = before;
      const { file, found, problems } = open(damaged);
      file[Symbol.dispose]();
      const texts = [...found].map(([key, { text }]) => `${key}=${text}`);
      expect(WHOLE).toEqual(expect.arrayContaining(texts));
      if (texts.length < WHOLE.length) losses++;
      expect(problems.length > 0 || texts.length === WHOLE.length).toBe(true);
    }
  }
  expect(losses).toBeGreaterThan(50);
});

test("a file that was cut off is made whole, and what was in front of the cut is found", () => {
  using scratch = makeScratch();
  const path = join(scratch.path, "records");
  for (let length = 0; length < PAGE + HALF + PART; length = length < PAGE + PART ? length + 57 : length + HALF / 2) {
    write(path, WRITTEN);
    truncateSync(path, length);
    const { file, found, problems } = open(path);
    file[Symbol.dispose]();
    for (const [key, { text }] of found) expect(WHOLE).toContain(`${key}=${text}`);
    if (found.size < WHOLE.length) expect(length === 0 || problems.length > 0).toBe(true);
  }
});

test("whichever stores of a write were done when the writer was killed, the text before it or the one after it is found", () => {
  using scratch = makeScratch();
  const path = join(scratch.path, "records");
  write(path, WRITTEN);
  // Each opening begins the other half, so the two writes are made in one life.
  const { file } = open(path);
  const before = contentsOf(path);
  expect(file.write("mail", CHANGED)).toBeNull();
  const after = contentsOf(path);
  file[Symbol.dispose]();
  const stores = storesOf(before, after);
  expect(stores.length).toBeGreaterThan(30);
  const seen = new Set<string>();
  for (let done = 0; done <= stores.length; done++) {
    const contents = before.map((bytes) => Buffer.from(bytes));
    for (const { part, at } of stores.slice(0, done)) (contents[part] as Buffer)[at] = (after[part] as Buffer)[at] ?? 0;
    store(path, contents);
    const found = foundIn(path);
    expect([WHOLE, ["cron=third", `mail=${CHANGED}`, "web=first"]]).toContainEqual([...found]);
    seen.add(found.join());
  }
  expect(seen.size).toBe(2);
});

/** The bytes that differ, in the order in which they are written: the frame, then the end, then its complement. */
function storesOf(before: readonly Buffer[], after: readonly Buffer[]): readonly { part: number; at: number }[] {
  const stores = after.flatMap((bytes, part) =>
    [...bytes.keys()].filter((at) => bytes[at] !== before[part]?.[at]).map((at) => ({ part, at })),
  );
  return [...stores.filter(({ at }) => at >= 64), ...stores.filter(({ at }) => at < 64)];
}

const WRITER = join(import.meta.dir, "../programs/record-writer.ts");
const ROUNDS = 8;
/** On a machine that is slow, as many rounds as fit into this have to do. */
const LONG_ENOUGH_MS = 15_000;

test("whenever the writer is killed, all that it said to have written is found", () => {
  using spawner = new Spawner();
  const end = performance.now() + LONG_ENOUGH_MS;
  for (let round = 0; round < ROUNDS && performance.now() < end; round++) {
    using scratch = makeScratch();
    const path = join(scratch.path, "records");
    const pipe = makePipe();
    const command = commandOf(process.execPath, WRITER, path);
    const writer = expectChild(
      spawner.spawn(requestOf({ ...command, env: ["PATH=/usr/bin:/bin"], stdout: pipe.write }), 10_000),
    );
    closeSync(pipe.write);
    const told = Buffer.alloc(4);
    for (let left = 1 + Math.floor(Math.random() * 5_000); left > 0; left--)
      if (readSync(pipe.read, told) !== 4) throw new Error("the writer ended by itself");
    process.kill(writer.pid, "SIGKILL");
    expect(reap(writer)).toBe(-9);
    for (let count = 4; count > 0;) {
      const rest = Buffer.alloc(4);
      count = readSync(pipe.read, rest);
      if (count === 4) rest.copy(told);
    }
    closeSync(pipe.read);
    const { file, found, problems } = open(path, { version: 1 });
    file[Symbol.dispose]();
    expect(problems).toEqual([]);
    // It writes numbers to eight keys in turn; the one that it was writing may be there, too.
    const last = told.readUInt32LE();
    const numbers = [...found.values()].map(({ text }) => Number.parseInt(text, 10));
    expect(Math.max(...numbers) - last).toBeOneOf([0, 1]);
    for (const [key, { text }] of found) {
      expect(Number.parseInt(text, 10) % 8).toBe(Number(key));
      expect(last - Number.parseInt(text, 10)).toBeLessThan(8);
    }
  }
}, 30_000);

test("a collector is told of what is in use alone, as it takes its measure from that", () => {
  using scratch = makeScratch();
  Bun.gc(true);
  const before = heapStats().extraMemorySize;
  const { file } = open(join(scratch.path, "records"));
  for (let index = 0; index < 100; index++) expect(file.write(`service ${index}`, "x".repeat(1_000))).toBeNull();
  Bun.gc(true);
  expect(heapStats().extraMemorySize - before).toBeLessThan(HALF / 8);
  file[Symbol.dispose]();
});
