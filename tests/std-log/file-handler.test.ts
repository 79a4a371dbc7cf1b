import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as log from "@std/log";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "std-log-"));
  file = join(directory, "log.txt");
});

afterEach(() => rmSync(directory, { recursive: true }));

function textOf(path: string): string {
  return readFileSync(path, "utf8");
}

function loggerTo(handler: log.BaseHandler): log.Logger {
  handler.setup();
  return new log.Logger("tasks", "DEBUG", { handlers: [handler] });
}

describe("a file handler", () => {
  test("appends to what is there, one line a message", () => {
    writeFileSync(file, "old\n");
    using handler = new log.FileHandler("DEBUG", { filename: file });
    const logger = loggerTo(handler);
    logger.info("a");
    logger.warn("ü");
    handler.flush();
    expect(textOf(file)).toBe("old\nINFO a\nWARN ü\n");
  });

  test("begins anew with mode w", () => {
    writeFileSync(file, "old\n");
    using handler = new log.FileHandler("DEBUG", { filename: file, mode: "w" });
    loggerTo(handler).critical("a");
    expect(textOf(file)).toBe("CRITICAL a\n");
  });

  test("refuses a file that exists with mode x", () => {
    using handler = new log.FileHandler("DEBUG", { filename: file, mode: "x" });
    loggerTo(handler).critical("a");
    using another = new log.FileHandler("DEBUG", { filename: file, mode: "x" });
    expect(() => another.setup()).toThrow("EEXIST");
    expect(textOf(file)).toBe("CRITICAL a\n");
  });

  test("writes when asked to, after a record more severe than ERROR, and when destroyed", () => {
    const handler = new log.FileHandler("DEBUG", { filename: file });
    const logger = loggerTo(handler);
    logger.error("a");
    expect(textOf(file)).toBe("");
    handler.flush();
    expect(textOf(file)).toBe("ERROR a\n");
    logger.info("b");
    logger.critical("c");
    expect(textOf(file)).toBe("ERROR a\nINFO b\nCRITICAL c\n");
    logger.info("d");
    handler.destroy();
    expect(textOf(file)).toBe("ERROR a\nINFO b\nCRITICAL c\nINFO d\n");
  });

  test("writes when its buffer is full, and a message that is longer than the buffer in one piece and in order", () => {
    using handler = new log.FileHandler("DEBUG", { filename: file, bufferSize: 10, formatter: ({ msg }) => msg });
    const logger = loggerTo(handler);
    logger.info("12345");
    expect(textOf(file)).toBe("");
    logger.info("6789");
    expect(textOf(file)).toBe("12345\n");
    logger.info("a message of some length");
    expect(textOf(file)).toBe("12345\n6789\na message of some length\n");
  });

  test("loses nothing when the process exits", () => {
    const script = `import * as log from "@std/log";
      log.setup({ handlers: { file: new log.FileHandler("DEBUG", { filename: ${JSON.stringify(file)} }) },
                  loggers: { default: { handlers: ["file"] } } });
      log.info("last words"); process.exit(3);`;
    const { exitCode } = Bun.spawnSync([process.execPath, "--eval", script], { cwd: `${import.meta.dir}/../..` });
    expect(exitCode).toBe(3);
    expect(textOf(file)).toBe("INFO last words\n");
  });

  test("can be set up again after it was destroyed", () => {
    using handler = new log.FileHandler("DEBUG", { filename: file });
    loggerTo(handler).info("a");
    handler.destroy();
    loggerTo(handler).critical("b");
    expect(textOf(file)).toBe("INFO a\nCRITICAL b\n");
  });

  test("keeps in its buffer what a full disk did not take, and says so each time", () => {
    const handler = new log.FileHandler("DEBUG", { filename: "/dev/full" });
    const logger = loggerTo(handler);
    logger.info("a");
    expect(() => handler.flush()).toThrow("ENOSPC");
    expect(() => handler.flush()).toThrow("ENOSPC");
    expect(() => handler.destroy()).toThrow("ENOSPC");
    expect(() => handler.flush()).not.toThrow();
  });

  test("makes a file that others cannot read, whatever the umask", () => {
    const before = process.umask(0);
    try {
      using handler = new log.FileHandler("DEBUG", { filename: file });
      handler.setup();
    } finally {
      process.umask(before);
    }
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });
});

describe("a rotating file handler", () => {
  function rotating(options: Partial<log.RotatingFileHandlerOptions> = {}): log.RotatingFileHandler {
    const formatter: log.FormatterFunction = ({ msg }) => msg;
    return new log.RotatingFileHandler("DEBUG", {
      filename: file,
      maxBytes: 12,
      maxBackupCount: 2,
      formatter,
      ...options,
    });
  }

  test("begins a new file before a message would make the file too long, and keeps the newest backups", () => {
    using handler = rotating();
    const logger = loggerTo(handler);
    for (const message of ["11111", "22222", "33333", "44444", "55555", "66666", "77777"]) logger.info(message);
    handler.flush();
    expect(textOf(file)).toBe("77777\n");
    expect(textOf(`${file}.1`)).toBe("55555\n66666\n");
    expect(textOf(`${file}.2`)).toBe("33333\n44444\n");
    expect(readdirSync(directory)).toHaveLength(3);
  });

  test("counts bytes, not characters", () => {
    using handler = rotating();
    const logger = loggerTo(handler);
    logger.info("üüü");
    logger.info("üüü");
    handler.flush();
    expect(textOf(file)).toBe("üüü\n");
    expect(textOf(`${file}.1`)).toBe("üüü\n");
  });

  test("takes up the size of a file that is there", () => {
    writeFileSync(file, "0123456789\n");
    using handler = rotating();
    loggerTo(handler).info("new");
    handler.flush();
    expect(textOf(file)).toBe("new\n");
    expect(textOf(`${file}.1`)).toBe("0123456789\n");
  });

  test("gives a message that is longer than a file a file of its own, without an empty backup", () => {
    using handler = rotating();
    const logger = loggerTo(handler);
    logger.info("a message of some length");
    logger.info("b");
    handler.flush();
    expect(textOf(file)).toBe("b\n");
    expect(textOf(`${file}.1`)).toBe("a message of some length\n");
    expect(existsSync(`${file}.2`)).toBe(false);
  });

  test("removes the backups with mode w", () => {
    for (const path of [file, `${file}.1`, `${file}.2`]) writeFileSync(path, "old\n");
    using handler = rotating({ mode: "w" });
    handler.setup();
    expect(readdirSync(directory)).toEqual(["log.txt"]);
    expect(textOf(file)).toBe("");
  });

  test("refuses to start beside a backup with mode x", () => {
    writeFileSync(`${file}.2`, "old\n");
    using handler = rotating({ mode: "x" });
    expect(() => handler.setup()).toThrow(`"${file}.2"`);
    expect(existsSync(file)).toBe(false);
  });

  test("refuses limits below 1", () => {
    expect(() => rotating({ maxBytes: 0 }).setup()).toThrow("maxBytes is 0");
    expect(() => rotating({ maxBackupCount: 0 }).setup()).toThrow("maxBackupCount is 0");
    expect(() => rotating({ maxBytes: Number.NaN }).setup()).toThrow("maxBytes is NaN");
  });
});
