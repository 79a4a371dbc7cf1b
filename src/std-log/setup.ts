import type { BaseHandler } from "./base-handler.ts";
import { ConsoleHandler } from "./console-handler.ts";
import type { LevelName } from "./levels.ts";
import { Logger } from "./logger.ts";

export interface LoggerConfig {
  /** Default: "INFO". */
  readonly level?: LevelName;
  /** Names of handlers of the configuration; default: none. */
  readonly handlers?: readonly string[];
}

export interface LogConfig {
  readonly handlers?: Readonly<Record<string, BaseHandler>>;
  readonly loggers?: Readonly<Record<string, LoggerConfig>>;
}

const DEFAULT_NAME = "default";

const handlers = new Map<string, BaseHandler>();
const loggers = new Map<string, Logger>();

/**
 * Replaces the configuration: the old handlers are destroyed, the new ones set up, and loggers taken with `getLogger`
 * from now on are as configured. Without a handler or logger named "default", a console handler from INFO on stands in.
 * Throws a TypeError if a logger names a handler that is not there, and changes nothing then.
 */
export function setup(config: LogConfig): void {
  const configured = { [DEFAULT_NAME]: { handlers: [DEFAULT_NAME] }, ...config.loggers };
  const available = new Map(Object.entries({ [DEFAULT_NAME]: new ConsoleHandler("INFO"), ...config.handlers }));
  const made = Object.entries(configured).map(([name, options]) => loggerOf(name, options, available));

  for (const handler of handlers.values()) handler.destroy();
  handlers.clear();
  loggers.clear();
  for (const [name, handler] of available) {
    handler.setup();
    handlers.set(name, handler);
  }
  for (const logger of made) loggers.set(logger.loggerName, logger);
}

/** The logger of that name. One that is not configured is made, lets every level through and has no handler. */
export function getLogger(name: string = DEFAULT_NAME): Logger {
  if (loggers.size === 0) setup({});
  const known = loggers.get(name);
  if (known !== undefined) return known;
  const made = new Logger(name, "NOTSET");
  loggers.set(name, made);
  return made;
}

function loggerOf(name: string, config: LoggerConfig, available: ReadonlyMap<string, BaseHandler>): Logger {
  const chosen = (config.handlers ?? []).map((wanted) => {
    const handler = available.get(wanted);
    if (handler === undefined) throw new TypeError(`cannot set up logger "${name}": no handler is named "${wanted}"`);
    return handler;
  });
  return new Logger(name, config.level ?? "INFO", { handlers: chosen });
}
