import type { LogRecord } from "./log-record.ts";

/**
 * The record as one line of JSON: `level`, `datetime` (milliseconds since 1970), `message`, and `args`, which is left
 * out without arguments, is the argument itself if there is one, and a list if there are more.
 */
export function jsonFormatter(logRecord: LogRecord): string {
  return JSON.stringify({
    level: logRecord.levelName,
    datetime: logRecord.datetime.getTime(),
    message: logRecord.msg,
    args: flattenedOf(logRecord.args),
  });
}

/** The ready-made formatters by name. */
export const formatters = { jsonFormatter } as const;

function flattenedOf(args: readonly unknown[]): unknown {
  if (args.length === 0) return undefined;
  return args.length === 1 ? args[0] : args;
}
