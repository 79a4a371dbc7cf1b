import { describe, expect, test } from "bun:test";
import * as log from "@std/log";

/** Keeps what is handed to it. */
class KeepingHandler extends log.BaseHandler {
  readonly records: log.LogRecord[] = [];
  readonly lines: string[] = [];

  override handle(record: log.LogRecord): void {
    this.records.push(record);
    super.handle(record);
  }

  override log(msg: string): void {
    this.lines.push(msg);
  }
}

function loggerWith(level: log.LevelName): { readonly logger: log.Logger; readonly handler: KeepingHandler } {
  const handler = new KeepingHandler("NOTSET");
  return { logger: new log.Logger("tasks", level, { handlers: [handler] }), handler };
}

describe("levels", () => {
  test("the levels have the documented numbers", () => {
    expect(log.LogLevels).toEqual({ NOTSET: 0, DEBUG: 10, INFO: 20, WARN: 30, ERROR: 40, CRITICAL: 50 });
    expect(log.LogLevelNames).toEqual(["NOTSET", "DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"]);
  });

  test("name and number of a level are found by each other", () => {
    for (const name of log.LogLevelNames) {
      expect(log.getLevelName(log.getLevelByName(name))).toBe(name);
    }
  });

  test("a level that does not exist is refused with what was asked for", () => {
    expect(() => log.getLevelByName("LOUD" as log.LevelName)).toThrow('"LOUD"');
    expect(() => log.getLevelByName("toString" as log.LevelName)).toThrow('"toString"');
    expect(() => log.getLevelName(11 as log.LogLevel)).toThrow("11");
    expect(() => new log.Logger("tasks", "LOUD" as log.LevelName)).toThrow('"LOUD"');
  });
});

describe("a logger", () => {
  test("hands on what is at least as severe as its level, under the right level name", () => {
    const { logger, handler } = loggerWith("WARN");
    logger.debug("a");
    logger.info("b");
    logger.warn("c");
    logger.error("d");
    logger.critical("e");
    expect(handler.lines).toEqual(["WARN c", "ERROR d", "CRITICAL e"]);
  });

  test("can be given another level later, by number or by name", () => {
    const { logger, handler } = loggerWith("ERROR");
    logger.level = log.LogLevels.DEBUG;
    logger.debug("a");
    expect(logger.levelName).toBe("DEBUG");
    logger.levelName = "CRITICAL";
    logger.error("b");
    expect(log.getLevelName(logger.level)).toBe("CRITICAL");
    expect(handler.lines).toEqual(["DEBUG a"]);
  });

  test("returns the message, whether it is written or not", () => {
    const { logger } = loggerWith("ERROR");
    const value = { a: 1 };
    expect(logger.error(value)).toBe(value);
    expect(logger.debug(value)).toBe(value);
  });

  test("calls a message function only if something is written, and returns what it returned", () => {
    const { logger, handler } = loggerWith("INFO");
    let calls = 0;
    const expensive = (): number => ++calls;
    expect(logger.debug(expensive)).toBeUndefined();
    expect(calls).toBe(0);
    expect(logger.info(expensive)).toBe(1);
    expect(handler.lines).toEqual(["INFO 1"]);
  });

  test("hands a record to each of its handlers with time, arguments and its own name", () => {
    const { logger, handler } = loggerWith("INFO");
    const before = Date.now();
    logger.info("started", { service: "web" }, 7);
    const record = handler.records[0];
    expect(record?.loggerName).toBe("tasks");
    expect(record?.msg).toBe("started");
    expect(record?.level).toBe(20);
    expect(record?.levelName).toBe("INFO");
    expect(record?.args).toEqual([{ service: "web" }, 7]);
    expect(record?.datetime.getTime()).toBeGreaterThanOrEqual(before);
  });

  test("makes records that nobody can change through what they give out", () => {
    const { logger, handler } = loggerWith("INFO");
    logger.info("started", 1);
    const record = handler.records[0];
    record?.args.push(2);
    record?.datetime.setTime(0);
    expect(record?.args).toEqual([1]);
    expect(record?.datetime.getTime()).not.toBe(0);
  });

  test("writes every kind of value as a message", () => {
    const { logger } = loggerWith("INFO");
    const failure = new Error("out of cheese");
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    expect(logger.asString("text")).toBe("text");
    expect(logger.asString(12)).toBe("12");
    expect(logger.asString(12n)).toBe("12");
    expect(logger.asString(true)).toBe("true");
    expect(logger.asString(null)).toBe("null");
    expect(logger.asString(undefined)).toBe("undefined");
    expect(logger.asString(Symbol("s"))).toBe("Symbol(s)");
    expect(logger.asString({ a: "b", big: 1n, none: undefined })).toBe('{"a":"b","big":"1","none":"undefined"}');
    expect(logger.asString([1, "two"])).toBe('[1,"two"]');
    expect(logger.asString(failure)).toContain("out of cheese");
    expect(logger.asString({ failure })).toContain("out of cheese");
    expect(logger.asString(circular)).toBe("[object Object]");
  });
});

describe("a handler", () => {
  test("passes over records below its own level", () => {
    const handler = new KeepingHandler("ERROR");
    const logger = new log.Logger("tasks", "DEBUG", { handlers: [handler] });
    logger.warn("a");
    logger.error("b");
    handler.levelName = "WARN";
    logger.warn("c");
    handler.level = log.LogLevels.CRITICAL;
    logger.error("d");
    expect(handler.lines).toEqual(["ERROR b", "WARN c"]);
  });

  test("formats with a function of one's own", () => {
    const handler = new KeepingHandler("DEBUG", { formatter: (record) => `${record.loggerName}: ${record.msg}!` });
    new log.Logger("tasks", "DEBUG", { handlers: [handler] }).info("done");
    expect(handler.lines).toEqual(["tasks: done!"]);
  });

  test("writes JSON lines with the ready-made formatter", () => {
    const handler = new KeepingHandler("DEBUG", { formatter: log.formatters.jsonFormatter });
    const logger = new log.Logger("tasks", "DEBUG", { handlers: [handler] });
    logger.info("none");
    logger.warn("one", { a: 1 });
    logger.error({ a: "b" }, 1, "two");
    const [none, one, two] = handler.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(none).toEqual({ level: "INFO", datetime: handler.records[0]?.datetime.getTime(), message: "none" });
    expect(one).toMatchObject({ level: "WARN", message: "one", args: { a: 1 } });
    expect(two).toMatchObject({ level: "ERROR", message: '{"a":"b"}', args: [1, "two"] });
  });
});
