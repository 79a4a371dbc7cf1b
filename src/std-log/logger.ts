import type { BaseHandler } from "./base-handler.ts";
import { getLevelByName, getLevelName, type LevelName, type LogLevel, LogLevels } from "./levels.ts";
import { LogRecord } from "./log-record.ts";

/** Any function at all. As a message it is called for the message, and only if something will be written. */
export type GenericFunction = (...args: never[]) => unknown;

export interface LoggerOptions {
  readonly handlers?: BaseHandler[];
}

interface Entry {
  readonly level: LogLevel;
  readonly msg: unknown;
  readonly args: readonly unknown[];
}

/** Turns messages into records and hands them to its handlers. */
export class Logger {
  handlers: BaseHandler[];
  readonly #name: string;
  #level: LogLevel;

  constructor(loggerName: string, levelName: LevelName, options: LoggerOptions = {}) {
    this.#name = loggerName;
    this.#level = getLevelByName(levelName);
    this.handlers = options.handlers ?? [];
  }

  get loggerName(): string {
    return this.#name;
  }

  /** Messages below this level are not handed on. */
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

  /** Returns the message; of a message function what it returned, or undefined if the level is too low to call it. */
  debug<T>(msg: () => T, ...args: unknown[]): T | undefined;
  debug<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  debug(msg: unknown, ...args: unknown[]): unknown {
    return this.#log({ level: LogLevels.DEBUG, msg, args });
  }

  info<T>(msg: () => T, ...args: unknown[]): T | undefined;
  info<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  info(msg: unknown, ...args: unknown[]): unknown {
    return this.#log({ level: LogLevels.INFO, msg, args });
  }

  warn<T>(msg: () => T, ...args: unknown[]): T | undefined;
  warn<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  warn(msg: unknown, ...args: unknown[]): unknown {
    return this.#log({ level: LogLevels.WARN, msg, args });
  }

  error<T>(msg: () => T, ...args: unknown[]): T | undefined;
  error<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  error(msg: unknown, ...args: unknown[]): unknown {
    return this.#log({ level: LogLevels.ERROR, msg, args });
  }

  critical<T>(msg: () => T, ...args: unknown[]): T | undefined;
  critical<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
  critical(msg: unknown, ...args: unknown[]): unknown {
    return this.#log({ level: LogLevels.CRITICAL, msg, args });
  }

  /** How a value is written as a message: text as it is, an error as its stack, an object as JSON. */
  asString(data: unknown): string {
    if (typeof data === "string") return data;
    if (data instanceof Error) return data.stack ?? String(data);
    if (typeof data !== "object" || data === null) return String(data);
    return jsonOf(data);
  }

  #log({ level, msg, args }: Entry): unknown {
    const isLazy = typeof msg === "function";
    if (level < this.#level) return isLazy ? undefined : msg;
    const value: unknown = isLazy ? msg() : msg;
    const record = new LogRecord({ msg: this.asString(value), args, level, loggerName: this.#name });
    for (const handler of this.handlers) handler.handle(record);
    return value;
  }
}

function jsonOf(data: object): string {
  try {
    return JSON.stringify(data, writableOf);
  } catch {
    // A value that refers to itself, or whose toJSON throws: whoever logs it must not fail because of that.
    return Object.prototype.toString.call(data);
  }
}

/** JSON leaves some values out and refuses others; in a message each is shown. */
function writableOf(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? String(value);
  return ["bigint", "symbol", "function", "undefined"].includes(typeof value) ? String(value) : value;
}
