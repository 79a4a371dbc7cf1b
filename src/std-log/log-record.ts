import { getLevelName, type LevelName, type LogLevel } from "./levels.ts";

export interface LogRecordOptions {
  readonly msg: string;
  readonly args: readonly unknown[];
  readonly level: LogLevel;
  readonly loggerName: string;
}

/** One message and what is known about it. It cannot be changed: `args` and `datetime` give copies. */
export class LogRecord {
  readonly msg: string;
  readonly level: LogLevel;
  readonly levelName: LevelName;
  readonly loggerName: string;
  readonly #args: readonly unknown[];
  readonly #datetime: Date;

  constructor(options: LogRecordOptions) {
    this.msg = options.msg;
    this.level = options.level;
    this.levelName = getLevelName(options.level);
    this.loggerName = options.loggerName;
    this.#args = [...options.args];
    this.#datetime = new Date();
  }

  /** What was given to the logger after the message. */
  get args(): unknown[] {
    return [...this.#args];
  }

  /** When the record was made. */
  get datetime(): Date {
    return new Date(this.#datetime.getTime());
  }
}
