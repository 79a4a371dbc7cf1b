import { afterEach, expect, test } from "bun:test";
import * as log from "@std/log";

/** Notes what is done to it. */
class NotingHandler extends log.BaseHandler {
  readonly notes: string[] = [];

  override setup(): void {
    this.notes.push("setup");
  }

  override log(msg: string): void {
    this.notes.push(msg);
  }

  override destroy(): void {
    this.notes.push("destroy");
  }
}

afterEach(() => log.setup({}));

test("a configuration sets its handlers up, and destroys them when it is replaced", () => {
  const first = new NotingHandler("DEBUG");
  const second = new NotingHandler("DEBUG");
  log.setup({ handlers: { main: first }, loggers: { default: { level: "DEBUG", handlers: ["main"] } } });
  log.info("a");
  log.setup({ handlers: { main: second }, loggers: { default: { level: "DEBUG", handlers: ["main"] } } });
  log.info("b");
  expect(first.notes).toEqual(["setup", "INFO a", "destroy"]);
  expect(second.notes).toEqual(["setup", "INFO b"]);
});

test("the short functions log to the default logger and return the message", () => {
  const handler = new NotingHandler("DEBUG");
  log.setup({ handlers: { main: handler }, loggers: { default: { level: "DEBUG", handlers: ["main"] } } });
  expect(log.debug("a")).toBe("a");
  expect(log.info(() => 2)).toBe(2);
  expect(log.warn(true)).toBe(true);
  expect(log.error(null)).toBeNull();
  expect(log.critical("e")).toBe("e");
  expect(handler.notes.slice(1)).toEqual(["DEBUG a", "INFO 2", "WARN true", "ERROR null", "CRITICAL e"]);
});

test("each logger has its own level and handlers", () => {
  const console = new NotingHandler("DEBUG");
  const file = new NotingHandler("WARN");
  log.setup({
    handlers: { console, file },
    loggers: {
      default: { level: "DEBUG", handlers: ["console", "file"] },
      tasks: { level: "ERROR", handlers: ["console"] },
    },
  });
  log.getLogger().debug("fizz");
  log.getLogger().warn("buzz");
  log.getLogger("tasks").warn("low");
  log.getLogger("tasks").error("high");
  expect(console.notes.slice(1)).toEqual(["DEBUG fizz", "WARN buzz", "ERROR high"]);
  expect(file.notes.slice(1)).toEqual(["WARN buzz"]);
});

test("a logger without a level logs from INFO on", () => {
  const handler = new NotingHandler("DEBUG");
  log.setup({ handlers: { main: handler }, loggers: { default: { handlers: ["main"] } } });
  log.debug("a");
  log.info("b");
  expect(handler.notes.slice(1)).toEqual(["INFO b"]);
});

test("a logger that nobody configured is made on demand, without handlers, and is the same each time", () => {
  const mystery = log.getLogger("mystery");
  expect(mystery.levelName).toBe("NOTSET");
  expect(mystery.handlers).toEqual([]);
  expect(mystery.info("nothing happens")).toBe("nothing happens");
  expect(log.getLogger("mystery")).toBe(mystery);
});

test("a logger that names a handler that is not there is refused, and the old configuration stays", () => {
  const handler = new NotingHandler("DEBUG");
  log.setup({ handlers: { main: handler }, loggers: { default: { level: "DEBUG", handlers: ["main"] } } });
  expect(() => log.setup({ loggers: { tasks: { handlers: ["mian"] } } })).toThrow('"mian"');
  log.info("still here");
  expect(handler.notes).toEqual(["setup", "INFO still here"]);
});

test("the default logger writes to standard output from INFO on, in colours unless NO_COLOR is set", () => {
  const script = `import * as log from "@std/log"; log.debug("d"); log.info("i"); log.warn("w"); log.error("e"); log.critical("c");`;
  expect(outputOf(script, {})).toBe(
    "\x1b[34mINFO i\x1b[0m\n\x1b[33mWARN w\x1b[0m\n\x1b[31mERROR e\x1b[0m\n\x1b[1;31mCRITICAL c\x1b[0m\n",
  );
  expect(outputOf(script, { NO_COLOR: "1" })).toBe("INFO i\nWARN w\nERROR e\nCRITICAL c\n");
});

test("a console handler can do without colours", () => {
  const script = `import * as log from "@std/log";
    log.setup({ handlers: { default: new log.ConsoleHandler("DEBUG", { useColors: false }) } });
    log.error("e");`;
  expect(outputOf(script, {})).toBe("ERROR e\n");
});

function outputOf(script: string, env: Readonly<Record<string, string>>): string {
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "--eval", script], {
    cwd: `${import.meta.dir}/../..`,
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  expect(stderr.toString()).toBe("");
  return stdout.toString();
}
