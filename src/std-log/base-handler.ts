import { getLevelByName, getLevelName, type LevelName, type LogLevel } from "./levels.ts";
import type { LogRecord } from "./log-record.ts";

/** Turns a record into the text that is written. */
export type FormatterFunction = (logRecord: LogRecord) => string;

export interface BaseHandlerOptions {
  /** Default: `{levelName} {msg}`. */
  readonly formatter?: FormatterFunction;
}

/**
 * What every handler has in common. A handler of one's own extends this, writes in `log`, and, if it holds something
 * open, opens it in `setup` and lets go of it in `destroy`.
 */
export abstract class BaseHandler {
  formatter: FormatterFunction;
  #level: LogLevel;

  constructor(levelName: LevelName, options: BaseHandlerOptions = {}) {
    this.#level = getLevelByName(levelName);
    this.formatter = options.formatter ?? defaultFormatter;
  }

  /** Records below this level are passed over. */
  get level(): LogLevel {
    return this.#level;
  }
  set level(level: LogLevel) {
    getLevelName(level);
    this.#level = level;
  }

  get levelName(): LevelName {
    return getLevelName(this.#level);
  }
  set levelName(levelName: LevelName) {
    this.#level = getLevelByName(levelName);
  }

  /** Formats and writes the record, unless its level is too low. */
  handle(logRecord: LogRecord): void {
    if (logRecord.level < this.#level) return;
    this.log(this.format(logRecord));
  }

  format(logRecord: LogRecord): string {
    return this.formatter(logRecord);
  }

  /** Writes one formatted message. */
  abstract log(msg: string): void;

  /** Called when a configuration that names this handler takes effect. */
  setup(): void {}

  /** Called when that configuration is replaced by another. */
  destroy(): void {}

  [Symbol.dispose](): void {
    this.destroy();
  }
}

function defaultFormatter({ levelName, msg }: LogRecord): string {
  return `${levelName} ${msg}`;
}
