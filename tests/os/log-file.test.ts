import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as files from "../../src/os/log-file.ts";
import { FIRST_UNCOPIED } from "../../src/os/reserve-numbers.ts";

let directory = "";
let path = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "log-file-"));
  path = join(directory, "a.log");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function openFile(): number {
  const opened = files.openLogFile(path, false);
  if (opened.tag !== "open") throw new Error(opened.reason);
  return opened.fd;
}

function write(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(`before${text}after`);
  expect(files.writeLogFile(fd, bytes, { start: 6, end: bytes.length - 5 })).toEqual({
    written: text.length,
    failure: null,
  });
}

test("the descriptor of a log file is none that children copy, and the only one", () => {
  const before = readdirSync("/proc/self/fd").length;
  const fd = openFile();
  expect(fd).toBeGreaterThanOrEqual(FIRST_UNCOPIED);
  expect(readdirSync("/proc/self/fd")).toHaveLength(before + 1);
  expect(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")).toMatch(/^flags:\s+0?2\d{6}$/m);
  files.closeLogFile(fd);
});

test("a log file is made for its owner and group alone, and appended to", () => {
  const fd = openFile();
  write(fd, "one\n");
  files.closeLogFile(fd);
  const again = openFile();
  write(again, "two\n");
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  expect(statSync(path).mode & 0o777 & ~0o640).toBe(0);
  expect(files.logFileStatus(again)).toEqual({ size: 8, links: 1, isRegular: true });
  unlinkSync(path);
  expect(files.logFileStatus(again)?.links).toBe(0);
  files.closeLogFile(again);
  expect(files.logFileStatus(-1)).toBeNull();
});

test("neither a link nor anything but a regular file is opened, and nothing makes the caller wait", () => {
  writeFileSync(join(directory, "target"), "");
  symlinkSync(join(directory, "target"), path);
  expect(files.openLogFile(path, false)).toEqual({ tag: "failed", reason: "it is a symbolic link" });
  expect(files.openLogFile("/dev/null", false)).toEqual({ tag: "failed", reason: "it is not a regular file" });
  const fifo = join(directory, "fifo");
  expect(Bun.spawnSync(["mkfifo", fifo]).exitCode).toBe(0);
  expect(files.openLogFile(fifo, false).tag).toBe("failed");
  expect(files.openLogFile(directory, false).tag).toBe("failed");
  expect(files.openLogFile(join(directory, "missing", "a.log"), false)).toEqual({
    tag: "failed",
    reason: "ENOENT: no such file or directory",
  });
});

test("a write that cannot be done says why", () => {
  expect(files.writeLogFile(-1, new Uint8Array(4), { start: 0, end: 4 })).toMatchObject({ written: 0 });
  expect(files.writeLogFile(-1, new Uint8Array(4), { start: 0, end: 4 }).failure).toStartWith("EBADF");
});

test("a file can be cut, renamed over another and removed", () => {
  const fd = openFile();
  write(fd, "one\ntwo\n");
  expect(files.truncateLogFile(fd, 4)).toBe(true);
  files.closeLogFile(fd);
  const other = join(directory, "b.log");
  writeFileSync(other, "older");
  expect(files.isLogFileThere(other)).toBe(true);
  expect(files.renameLogFile(path, other)).toEqual({ tag: "ok" });
  expect(readFileSync(other, "utf8")).toBe("one\n");
  expect(files.isLogFileThere(path)).toBe(false);
  expect(files.renameLogFile(path, other)).toEqual({ tag: "missing" });
  expect(files.removeLogFile(other)).toEqual({ tag: "ok" });
  expect(files.removeLogFile(other)).toEqual({ tag: "missing" });
  mkdirSync(path);
  expect(files.removeLogFile(path).tag).toBe("failed");
});

test("the end of a file is read, and whether that is all of it is said", () => {
  writeFileSync(path, "one\ntwo\n");
  const all = files.readLogFileEnd(path, 100);
  expect(Buffer.from(all?.bytes ?? []).toString()).toBe("one\ntwo\n");
  expect(all?.isWhole).toBe(true);
  expect(all?.changedAt).toBe(Math.floor(statSync(path).mtimeMs));
  const end = files.readLogFileEnd(path, 3);
  expect(Buffer.from(end?.bytes ?? []).toString()).toBe("wo\n");
  expect(end?.isWhole).toBe(false);
  expect(files.readLogFileEnd(join(directory, "missing"), 3)).toBeNull();
  expect(files.readLogFileEnd(directory, 3)).toBeNull();
});

test("a log file leaves descriptors to others, but for one that is to be the last", () => {
  const script = `
    import { closeSync, openSync } from "node:fs";
    import { openLogFile } from ${JSON.stringify(join(import.meta.dir, "../../src/os/log-file.ts"))};
    const held = [];
    try {
      for (;;) held.push(openSync("/dev/null", "r"));
    } catch {}
    const tags = [];
    for (let left = 0; left <= 6; left++) {
      for (const isLast of [false, true]) {
        const opened = openLogFile(${JSON.stringify(path)}, isLast);
        tags.push(opened.tag);
        if (opened.tag === "open") closeSync(opened.fd);
      }
      closeSync(held.pop());
    }
    console.log(JSON.stringify(tags));
  `;
  const words = ["sh", "-c", 'ulimit -n 100; exec "$@"', "sh", process.execPath, "-e", script];
  const { stdout } = Bun.spawnSync(words, { stderr: "inherit" });
  const [none, last, both] = [
    ["none-left", "none-left"],
    ["none-left", "open"],
    ["open", "open"],
  ];
  // With so many left: 0, 1, 2, 3, 4, 5, 6.
  expect(JSON.parse(stdout.toString())).toEqual([none, none, last, last, last, last, both].flat());
});
