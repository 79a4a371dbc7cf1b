/**
 * The published door of `@std/log`: the documented API of the logging module of the Deno standard library, which was
 * removed there and is in no package registry we use. The house has no barrels; this one file is the exception,
 * because what stands behind it is meant to be exchangeable for the original without a change in any caller.
 *
 * A logger makes a record of a message and hands it to its handlers, which format and write it. The default format is
 * `{levelName} {msg}`. The functions `debug` to `critical` go to the logger named "default".
 */
export { BaseHandler, type BaseHandlerOptions, type FormatterFunction } from "./base-handler.ts";
export { ConsoleHandler, type ConsoleHandlerOptions } from "./console-handler.ts";
export { critical, debug, error, info, warn } from "./default-logger.ts";
export { FileHandler, type FileHandlerOptions, type LogMode } from "./file-handler.ts";
export { formatters, jsonFormatter } from "./formatters.ts";
export { getLevelByName, getLevelName, type LevelName, type LogLevel, LogLevelNames, LogLevels } from "./levels.ts";
export { LogRecord, type LogRecordOptions } from "./log-record.ts";
export { type GenericFunction, Logger, type LoggerOptions } from "./logger.ts";
export { RotatingFileHandler, type RotatingFileHandlerOptions } from "./rotating-file-handler.ts";
export { getLogger, type LogConfig, type LoggerConfig, setup } from "./setup.ts";
