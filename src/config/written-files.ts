import { realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Definition } from "../core/definition.ts";
import { EVERY_LINE, type FileSinkPolicy, type LogPolicy, type RotationPolicy } from "../core/log-policy.ts";
import type { Path } from "./document.ts";
import { remembered } from "./remembered.ts";

/** A file that a definition makes a service write. */
interface Claim {
  readonly service: string;
  readonly path: Path;
  /** The log file that a definition names; null: whatever else it is, it is nobody else's. */
  readonly sink: FileSinkPolicy | null;
}

/** Two claims to one file; the later of the two is to blame. */
export interface Collision {
  readonly service: string;
  readonly path: Path;
  readonly file: string;
  /** The service that claims it as well; null: the supervisor itself. */
  readonly other: string | null;
  /** Why they cannot share it; null: files of this kind are never shared. */
  readonly difference: Difference | null;
}

/** What two services that name the same log file say in different ways. */
export type Difference =
  | { readonly tag: "name"; readonly name: string; readonly path: Path }
  | { readonly tag: "rotation"; readonly keys: readonly string[]; readonly path: Path };

const ROTATION_KEYS = {
  maxSize: "max_size",
  maxAge: "max_age",
  keep: "keep",
  keepSize: "keep_size",
  keepAge: "keep_age",
  compress: "compress",
} as const satisfies Readonly<Record<keyof RotationPolicy, string>>;

/**
 * Finds files that would be written by two: log files and pid files, by their real directories (/var/run is /run). A log file
 * that several services name, all by the same name, is theirs in common if they rotate it in the same way.
 * Without a log directory, default log files are left out: their names differ as the services' names do.
 */
export function collisionsOf(definitions: readonly Definition[], logDirectory: string | null): Collision[] {
  const real = realDirectories();
  const claims = new Map<string, (Claim | null)[]>();
  if (logDirectory !== null) claims.set(real(`${logDirectory}/daemonsup.log`), [null]);
  const collisions: Collision[] = [];
  const claim = (file: string, claimed: Claim): void => {
    const known = claims.get(real(file)) ?? [];
    claims.set(real(file), known);
    const [first = null] = known;
    const difference = first === null ? null : differenceOf(claimed, first);
    const isTwice = known.some((each) => each?.service === claimed.service);
    if (known.length > 0 && (isTwice || difference !== "none")) {
      const other = isTwice ? claimed.service : (first?.service ?? null);
      const { service, path } = claimed;
      collisions.push({ service, path, file, other, difference: difference === "none" ? null : difference });
    } else {
      known.push(claimed);
    }
  };
  // Default log files first: who names a file by hand is to blame for taking one of them.
  for (const { name, log } of logDirectory === null ? [] : definitions) {
    for (const sink of writtenBy(log).filter(({ path }) => path === null))
      claim(`${logDirectory}/${name}.log`, { service: name, path: logFileKeyOf(sink), sink: null });
  }
  for (const { name, log, pidFile } of definitions) {
    for (const sink of writtenBy(log)) {
      // What a service writes itself is rotated for it alone.
      const shared = log.direct === null ? sink : null;
      if (sink.path !== null) claim(sink.path, { service: name, path: logFileKeyOf(sink), sink: shared });
    }
    if (pidFile !== null) claim(pidFile, { service: name, path: ["pid_file"], sink: null });
  }
  return collisions;
}

/** null: they cannot share it whatever they say; "none": they can. */
function differenceOf({ sink }: Claim, { sink: other, path }: Claim): Difference | "none" | null {
  if (sink === null || other === null) return null;
  if (sink.path !== other.path) return { tag: "name", name: other.path ?? "", path };
  const differing = objectKeys(ROTATION_KEYS).filter((key) => sink[key] !== other[key]);
  if (differing.length === 0) return "none";
  return { tag: "rotation", keys: differing.map((key) => ROTATION_KEYS[key]), path };
}

function objectKeys<Key extends string>(object: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(object) as Key[];
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

/** The key that names the file of a sink. */
export function logFileKeyOf({ name, streams }: FileSinkPolicy): Path {
  if (name !== "file") return ["log", "sinks", name, "file"];
  return streams.includes("stdout") ? ["log", "file"] : ["log", "stderr", "file"];
}

/** The sinks that write a file, of two that write the same one in the same way only the first. */
const writtenBy = remembered((log: LogPolicy): readonly FileSinkPolicy[] => {
  const files = log.sinks.filter((sink) => sink.type === "file");
  return files.filter((sink, index) => !files.slice(0, index).some((other) => areOne(sink, other)));
});

/** The two streams may share a file, whatever else is filtered out of either. */
function areOne(left: FileSinkPolicy, right: FileSinkPolicy): boolean {
  if (left.streams.some((stream) => right.streams.includes(stream))) return false;
  const bare = { name: "", streams: [], filter: EVERY_LINE };
  return JSON.stringify({ ...left, ...bare }) === JSON.stringify({ ...right, ...bare });
}
