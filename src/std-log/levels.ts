/** The levels, least severe first. A record passes where its number is at least that of the logger and the handler. */
export const LogLevels = { NOTSET: 0, DEBUG: 10, INFO: 20, WARN: 30, ERROR: 40, CRITICAL: 50 } as const;

export type LevelName = keyof typeof LogLevels;
export type LogLevel = (typeof LogLevels)[LevelName];

/** The names of the levels, least severe first. */
export const LogLevelNames = Object.keys(LogLevels) as readonly LevelName[];

/** The number of a level. Throws a TypeError if there is no level of that name. */
export function getLevelByName(name: LevelName): LogLevel {
  if (!Object.hasOwn(LogLevels, name)) throw new TypeError(`cannot get log level "${name}": no level has that name`);
  return LogLevels[name];
}

/** The name of a level. Throws a TypeError if there is no level of that number. */
export function getLevelName(level: LogLevel): LevelName {
  const name = LogLevelNames.find((candidate) => LogLevels[candidate] === level);
  if (name === undefined) throw new TypeError(`cannot get log level ${level}: no level has that number`);
  return name;
}
