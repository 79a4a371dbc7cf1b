import { BaseHandler, type FormatterFunction, type LogRecord } from "@std/log";
import type { SyslogSeverity } from "../core/log-policy.ts";
import { isAtLeast, levelNameOf, severityOf } from "./syslog-severity.ts";

/** Where messages go; never waits. */
export interface SyslogPort {
  send(severity: SyslogSeverity, text: string): void;
}

export interface SyslogHandlerOptions {
  readonly port: SyslogPort;
  /** Default: the message alone, as syslog writes down severity, time and name by itself. */
  readonly formatter?: FormatterFunction;
}

/**
 * Sends records to syslog, under the severity that their first argument names, as in `{ severity: "notice" }`, or
 * otherwise the one of their level: DEBUG debug, INFO info, WARN warning, ERROR err, CRITICAL crit.
 */
export class SyslogHandler extends BaseHandler {
  #limit: SyslogSeverity;
  readonly #port: SyslogPort;

  constructor(limit: SyslogSeverity, options: SyslogHandlerOptions) {
    super(levelNameOf(limit), { formatter: options.formatter ?? (({ msg }) => msg) });
    this.#limit = limit;
    this.#port = options.port;
  }

  /** Records that are less severe are passed over; finer than the level, which cannot tell notice from info. */
  get limit(): SyslogSeverity {
    return this.#limit;
  }
  set limit(limit: SyslogSeverity) {
    this.#limit = limit;
    this.levelName = levelNameOf(limit);
  }

  override handle(logRecord: LogRecord): void {
    const severity = severityOf(logRecord);
    if (logRecord.level < this.level || !isAtLeast(severity, this.#limit)) return;
    this.#port.send(severity, this.format(logRecord));
  }

  /** For a text without a record. */
  override log(msg: string): void {
    this.#port.send("info", msg);
  }
}
