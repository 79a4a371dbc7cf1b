import { BaseHandler, type LogRecord } from "@std/log";
import type { SyslogSeverity } from "../core/log-policy.ts";
import { isAtLeast, levelNameOf, severityOf } from "./syslog-severity.ts";

/** Writes records to the supervisor's own log file, through the data plane, so that a slow disk never holds up the caller. */
export class OwnLogHandler extends BaseHandler {
  readonly #write: (lines: readonly string[]) => void;
  #limit: SyslogSeverity;
  #waiting: string[] = [];

  constructor(limit: SyslogSeverity, write: (lines: readonly string[]) => void) {
    super(levelNameOf(limit), { formatter: lineOf });
    this.#limit = limit;
    this.#write = write;
  }

  get limit(): SyslogSeverity {
    return this.#limit;
  }
  set limit(limit: SyslogSeverity) {
    this.#limit = limit;
    this.levelName = levelNameOf(limit);
  }

  override handle(logRecord: LogRecord): void {
    if (isAtLeast(severityOf(logRecord), this.#limit)) super.handle(logRecord);
  }

  override log(line: string): void {
    this.#waiting.push(line);
    if (this.#waiting.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#write(lines);
  }
}

function lineOf(record: LogRecord): string {
  return ownLineOf(record.datetime, severityOf(record), record.msg);
}

/** "2026-01-02T03:04:05.678Z notice: web: up (pid 12)"; further lines of a message are set in. */
export function ownLineOf(at: Date, severity: SyslogSeverity, message: string): string {
  return `${at.toISOString()} ${severity}: ${message.replaceAll("\n", "\n    ")}`;
}
