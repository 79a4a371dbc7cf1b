import { expect, test } from "bun:test";
import * as log from "@std/log";
import { SYSLOG_SEVERITIES, type SyslogSeverity } from "../../src/core/log-policy.ts";
import { SyslogHandler } from "../../src/log/syslog-handler.ts";
import { logWithSeverity } from "../../src/log/syslog-severity.ts";

interface Rig {
  readonly sent: [SyslogSeverity, string][];
  readonly handler: SyslogHandler;
  readonly logger: log.Logger;
}

function rigWith(limit: SyslogSeverity): Rig {
  const sent: Rig["sent"] = [];
  const handler = new SyslogHandler(limit, { port: { send: (severity, text) => sent.push([severity, text]) } });
  return { sent, handler, logger: new log.Logger("daemonsup", "NOTSET", { handlers: [handler] }) };
}

test("each level has its severity, and the message goes out without the level's name", () => {
  const { sent, logger } = rigWith("debug");
  logger.debug("a");
  logger.info("b");
  logger.warn("c");
  logger.error("d");
  logger.critical("e");
  expect(sent).toEqual([
    ["debug", "a"],
    ["info", "b"],
    ["warning", "c"],
    ["err", "d"],
    ["crit", "e"],
  ]);
});

test("all eight severities can be sent", () => {
  const { sent, logger } = rigWith("debug");
  for (const severity of SYSLOG_SEVERITIES) logWithSeverity(logger, severity, severity);
  expect(sent).toEqual(SYSLOG_SEVERITIES.map((severity) => [severity, severity]));
});

test("what is less severe than the limit is passed over, also where a level has two severities", () => {
  for (const limit of SYSLOG_SEVERITIES) {
    const { sent, logger } = rigWith(limit);
    for (const severity of SYSLOG_SEVERITIES) logWithSeverity(logger, severity, "text");
    const expected = SYSLOG_SEVERITIES.slice(0, SYSLOG_SEVERITIES.indexOf(limit) + 1);
    expect(sent.map(([severity]) => severity)).toEqual([...expected]);
  }
});

test("the limit can be moved in both directions", () => {
  const { sent, handler, logger } = rigWith("err");
  handler.limit = "debug";
  logger.debug("a");
  handler.limit = "crit";
  logger.error("b");
  expect(sent).toEqual([["debug", "a"]]);
  expect(handler.limit).toBe("crit");
});

test("a first argument that is no severity changes nothing", () => {
  const { sent, logger } = rigWith("debug");
  for (const argument of [null, "notice", { severity: "loud" }, { severity: 5 }, ["notice"]])
    logger.warn("a", argument);
  expect(sent).toEqual(Array.from({ length: 5 }, () => ["warning", "a"]));
});

test("it works as a handler of a configuration, with a formatter of one's own", () => {
  const sent: string[] = [];
  const handler = new SyslogHandler("info", {
    port: { send: (_severity, text) => sent.push(text) },
    formatter: ({ loggerName, msg }) => `${loggerName}: ${msg}`,
  });
  log.setup({ handlers: { syslog: handler }, loggers: { default: { level: "DEBUG", handlers: ["syslog"] } } });
  log.info("up");
  log.debug("not this");
  handler.log("bare text");
  log.setup({});
  expect(sent).toEqual(["default: up", "bare text"]);
});
