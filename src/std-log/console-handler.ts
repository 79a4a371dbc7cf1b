import { BaseHandler, type BaseHandlerOptions } from "./base-handler.ts";
import { type LevelName, LogLevels } from "./levels.ts";
import type { LogRecord } from "./log-record.ts";

export interface ConsoleHandlerOptions extends BaseHandlerOptions {
  /** Default: true, unless the variable NO_COLOR is set. */
  readonly useColors?: boolean;
}

const RESET = "\x1b[0m";

/** The escape sequence that a level's text begins with; levels that are not here stay as they are. */
const COLORS: ReadonlyMap<number, string> = new Map([
  [LogLevels.INFO, "\x1b[34m"],
  [LogLevels.WARN, "\x1b[33m"],
  [LogLevels.ERROR, "\x1b[31m"],
  [LogLevels.CRITICAL, "\x1b[1;31m"],
]);

/** Writes to standard output through the console: info blue, warn yellow, error red, critical bold red. */
export class ConsoleHandler extends BaseHandler {
  readonly #useColors: boolean;

  constructor(levelName: LevelName, options: ConsoleHandlerOptions = {}) {
    super(levelName, options);
    this.#useColors = (options.useColors ?? true) && (process.env["NO_COLOR"] ?? "") === "";
  }

  override format(logRecord: LogRecord): string {
    const text = super.format(logRecord);
    return this.#useColors ? this.applyColors(text, logRecord.level) : text;
  }

  /** The text in the colour of the level. */
  applyColors(msg: string, level: number): string {
    const color = COLORS.get(level);
    return color === undefined ? msg : `${color}${msg}${RESET}`;
  }

  override log(msg: string): void {
    console.log(msg);
  }
}
