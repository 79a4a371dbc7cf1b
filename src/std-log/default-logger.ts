import type { GenericFunction } from "./logger.ts";
import { getLogger } from "./setup.ts";

/** Logs to the logger named "default". Returns the message, or what a message function returned if it was called. */
export function debug<T>(msg: () => T, ...args: unknown[]): T | undefined;
export function debug<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
export function debug(msg: unknown, ...args: unknown[]): unknown {
  return getLogger().debug(msg as never, ...args);
}

/** As `debug`, at level INFO. */
export function info<T>(msg: () => T, ...args: unknown[]): T | undefined;
export function info<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
export function info(msg: unknown, ...args: unknown[]): unknown {
  return getLogger().info(msg as never, ...args);
}

/** As `debug`, at level WARN. */
export function warn<T>(msg: () => T, ...args: unknown[]): T | undefined;
export function warn<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
export function warn(msg: unknown, ...args: unknown[]): unknown {
  return getLogger().warn(msg as never, ...args);
}

/** As `debug`, at level ERROR. */
export function error<T>(msg: () => T, ...args: unknown[]): T | undefined;
export function error<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
export function error(msg: unknown, ...args: unknown[]): unknown {
  return getLogger().error(msg as never, ...args);
}

/** As `debug`, at level CRITICAL. */
export function critical<T>(msg: () => T, ...args: unknown[]): T | undefined;
export function critical<T>(msg: T extends GenericFunction ? never : T, ...args: unknown[]): T;
export function critical(msg: unknown, ...args: unknown[]): unknown {
  return getLogger().critical(msg as never, ...args);
}
