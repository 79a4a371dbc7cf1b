import { type LevelName, type LogRecord, LogLevels, type Logger } from "@std/log";
import { SYSLOG_SEVERITIES, type SyslogSeverity } from "../core/log-policy.ts";

/** The first argument after a message that says how severe it is more finely than a level can: notice, alert, emerg. */
export interface SeverityArgument {
  readonly severity: SyslogSeverity;
}

const LEVEL_NAMES: Readonly<Record<SyslogSeverity, Exclude<LevelName, "NOTSET">>> = {
  emerg: "CRITICAL",
  alert: "CRITICAL",
  crit: "CRITICAL",
  err: "ERROR",
  warning: "WARN",
  notice: "INFO",
  info: "INFO",
  debug: "DEBUG",
};

/** The level that a logger or handler must have to let this severity through. */
export function levelNameOf(severity: SyslogSeverity): LevelName {
  return LEVEL_NAMES[severity];
}

/** The severity of a record: what its first argument says, otherwise what its level says. */
export function severityOf(record: LogRecord): SyslogSeverity {
  const [first] = record.args;
  if (isSeverityArgument(first)) return first.severity;
  if (record.level >= LogLevels.CRITICAL) return "crit";
  if (record.level >= LogLevels.ERROR) return "err";
  if (record.level >= LogLevels.WARN) return "warning";
  return record.level >= LogLevels.INFO ? "info" : "debug";
}

/** Whether `severity` is at least as severe as `limit`. */
export function isAtLeast(severity: SyslogSeverity, limit: SyslogSeverity): boolean {
  return SYSLOG_SEVERITIES.indexOf(severity) <= SYSLOG_SEVERITIES.indexOf(limit);
}

/** Logs a message with one of the eight severities, at the level that fits it. */
export function logWithSeverity(logger: Logger, severity: SyslogSeverity, message: string): void {
  const argument: SeverityArgument = { severity };
  switch (LEVEL_NAMES[severity]) {
    case "CRITICAL":
      return void logger.critical(message, argument);
    case "ERROR":
      return void logger.error(message, argument);
    case "WARN":
      return void logger.warn(message, argument);
    case "INFO":
      return void logger.info(message, argument);
    case "DEBUG":
      return void logger.debug(message, argument);
  }
}

function isSeverityArgument(value: unknown): value is SeverityArgument {
  if (typeof value !== "object" || value === null || !("severity" in value)) return false;
  return (SYSLOG_SEVERITIES as readonly unknown[]).includes(value.severity);
}
