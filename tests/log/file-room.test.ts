/* Logs of which only so many files can be open at a time: what each comes to for the sake of another. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RotationPolicy } from "../../src/core/log-policy.ts";
import { FileLog } from "../../src/log/file-log.ts";
import type { LogFiles } from "../../src/log/log-files.ts";
import { OpenFiles } from "../../src/log/open-files.ts";
import { OutBuffer } from "../../src/log/out-buffer.ts";
import { FILES } from "./plane-harness.ts";

const LIMITS: RotationPolicy = {
  maxSize: 1_000_000,
  maxAge: null,
  keep: 100,
  keepSize: null,
  keepAge: null,
  compress: null,
};

let directory = "";

beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "file-room-"))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Logs of which one file at a time can be open. */
function logsOf(names: readonly string[], limits: RotationPolicy = LIMITS) {
  const seen = { open: new Set<number>(), tries: 0, looks: 0, compressions: 0 };
  const files: LogFiles = {
    ...FILES,
    openLogFile(path, isLast) {
      seen.tries++;
      if (seen.open.size > 0) return { tag: "none-left", reason: "EMFILE: too many open files" };
      const opened = FILES.openLogFile(path, isLast);
      if (opened.tag === "open") seen.open.add(opened.fd);
      return opened;
    },
    closeLogFile(fd) {
      FILES.closeLogFile(fd);
      seen.open.delete(fd);
    },
    lookAtLogFile(path) {
      seen.looks++;
      return FILES.lookAtLogFile(path);
    },
  };
  const openFiles = new OpenFiles();
  const out = new OutBuffer();
  const placeOf = (name: string, differing: RotationPolicy = limits) => ({
    path: join(directory, name),
    limits: differing,
    timeOf: () => null,
  });
  const logs = names.map(
    (name) =>
      new FileLog(placeOf(name), null, {
        files,
        openFiles,
        out,
        report: (message) => {
          throw new Error(message);
        },
        compressSoon: () => void seen.compressions++,
        wakeAt: () => undefined,
        held: () => undefined,
        lost: () => undefined,
      }),
  );
  const write = (index: number, text: string): void => {
    const bytes = Buffer.from(text);
    const block = { bytes, start: 0, end: bytes.length, continues: false, unfinished: false };
    logs[index]?.write(block, { service: "web", pid: 7, stream: "stdout", at: 0, pipe: logs });
  };
  return { logs, seen, write, placeOf };
}

function makeRotated(name: string, count: number): void {
  for (let index = 1; index <= count; index++) writeFileSync(join(directory, `${name}.${index}`), "0123456789");
}

test("logs that write in turn have every line in their files, one of which is open", () => {
  const { seen, write } = logsOf(["a.log", "b.log"]);
  for (let number = 0; number < 10; number++) write(number % 2, `${number}\n`);
  const [first, second] = ["a.log", "b.log"].map((name) => readFileSync(join(directory, name), "utf8"));
  expect([first, second]).toEqual(["0\n2\n4\n6\n8\n", "1\n3\n5\n7\n9\n"]);
  expect(seen.open.size).toBe(1);
});

test("a log that was given up is not asked to make room", () => {
  const { logs, seen, write } = logsOf(["a.log", "b.log", "c.log"]);
  write(0, "one\n");
  logs[0]?.close(0);
  write(1, "two\n");
  seen.tries = 0;
  write(2, "three\n");
  // Without and with the room of the one that was open.
  expect(seen.tries).toBe(2);
});

test("old files are looked after when theirs is opened for the first time, and not whenever it is opened again", () => {
  makeRotated("a.log", 50);
  const { seen, write } = logsOf(["a.log", "b.log"], { ...LIMITS, keepSize: 1_000_000, compress: "zstd" });
  write(0, "one\n");
  write(1, "one\n");
  expect(seen.looks).toBeGreaterThan(50);
  expect(seen.compressions).toBe(2);
  Object.assign(seen, { looks: 0, compressions: 0 });
  for (let number = 0; number < 10; number++) write(number % 2, `${number}\n`);
  expect([seen.looks, seen.compressions]).toEqual([0, 0]);
});

test("what is to become of old files is told anew also while theirs is closed", () => {
  makeRotated("a.log", 5);
  const { logs, write, placeOf } = logsOf(["a.log", "b.log"]);
  write(0, "one\n");
  write(1, "one\n");
  logs[0]?.adjust(placeOf("a.log", { ...LIMITS, keepSize: 25 }), 0);
  expect(readdirSync(directory).toSorted()).toEqual(["a.log", "a.log.1", "a.log.2", "b.log"]);
});
