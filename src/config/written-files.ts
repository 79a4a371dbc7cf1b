import { realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Definition } from "../core/definition.ts";
import type { Path } from "./document.ts";

/** A file that a definition makes a service write. */
interface Claim {
  readonly service: string;
  readonly path: Path;
}

/** Two claims to one file; the later of the two is to blame. */
export interface Collision {
  readonly service: string;
  readonly path: Path;
  readonly file: string;
  /** The service that claims it as well; null: the supervisor itself. */
  readonly other: string | null;
}

/**
 * Finds files that would be written by two: log files and pid files, by their real directories (/var/run is /run).
 * Without a log directory, default log files are left out: their names differ as the services' names do.
 */
export function collisionsOf(definitions: readonly Definition[], logDirectory: string | null): Collision[] {
  const real = realDirectories();
  const claims = new Map<string, Claim | null>();
  if (logDirectory !== null) claims.set(real(`${logDirectory}/daemonsup.log`), null);
  const collisions: Collision[] = [];
  const claim = (file: string, claimed: Claim): void => {
    const known = claims.get(real(file));
    if (known === undefined) claims.set(real(file), claimed);
    else collisions.push({ ...claimed, file, other: known?.service ?? null });
  };
  // Default log files first: who names a file by hand is to blame for taking one of them.
  for (const { name, log } of definitions) {
    if (logDirectory !== null && log.file === null && log.to.includes("file")) {
      claim(`${logDirectory}/${name}.log`, { service: name, path: ["log"] });
    }
  }
  for (const { name, log, pidFile } of definitions) {
    if (log.file !== null && log.to.includes("file")) claim(log.file, { service: name, path: ["log", "file"] });
    if (pidFile !== null) claim(pidFile, { service: name, path: ["pid_file"] });
  }
  return collisions;
}

function realDirectories(): (file: string) => string {
  const known = new Map<string, string>();
  return (file) => {
    const directory = dirname(file);
    let found = known.get(directory);
    if (found === undefined) {
      found = realOf(directory);
      known.set(directory, found);
    }
    return `${found}/${basename(file)}`;
  };
}

function realOf(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}
