// Runs before anything is installed: nothing here may import a package.
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { PROJECT } from "./toolchain.ts";

/** Where packages lie that are only unpacked: installed, they would take the place of the machine's own. */
export const UNPACKED = join(PROJECT, "build/debian");

/** Where services find programs; the PATH of who runs the tests may lack the half of it. */
const SERVICE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEBIAN_POSTGRES = "/usr/lib/postgresql";
const POSTGRES_PROGRAMS = ["postgres", "initdb", "pg_isready", "pg_dump"];

/** true: a service would find it. */
export function isInstalled(program: string): boolean {
  return Bun.which(program, { PATH: SERVICE_PATH }) !== null;
}

/** The directory with all of PostgreSQL's programs, which Debian keeps out of PATH; null if there is none. */
export function findPostgres(): string | null {
  const inPath = Bun.which("postgres", { PATH: SERVICE_PATH });
  const places = [
    ...(inPath === null ? [] : [dirname(realpathSync(inPath))]),
    ...entriesOf(DEBIAN_POSTGRES).map((version) => join(DEBIAN_POSTGRES, version, "bin")),
  ];
  return places.find((place) => POSTGRES_PROGRAMS.every((program) => existsSync(join(place, program)))) ?? null;
}

/** A rsyslogd, and where its libraries and modules are if it was only unpacked. */
export interface Rsyslog {
  readonly program: string;
  readonly libraries: string | null;
}

/** Prometheus's own tool for judging metrics; null if there is none. */
export function findPromtool(): string | null {
  const unpacked = join(UNPACKED, "usr/bin/promtool");
  return Bun.which("promtool", { PATH: SERVICE_PATH }) ?? (existsSync(unpacked) ? unpacked : null);
}

export function findRsyslog(): Rsyslog | null {
  const program = Bun.which("rsyslogd", { PATH: SERVICE_PATH });
  if (program !== null) return { program, libraries: null };
  const unpacked = join(UNPACKED, "usr/sbin/rsyslogd");
  const lib = join(UNPACKED, "usr/lib");
  const libraries = entriesOf(lib)
    .map((name) => join(lib, name))
    .find((place) => existsSync(join(place, "rsyslog/lmnet.so")));
  return existsSync(unpacked) && libraries !== undefined ? { program: unpacked, libraries } : null;
}

/** The last first: of several versions the newest. */
function entriesOf(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).toSorted().toReversed() : [];
}
