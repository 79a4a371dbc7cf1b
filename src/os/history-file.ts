/*
 * The file of the history: SQLite, written by one thread of one supervisor, read by others only while no supervisor runs.
 *
 * WAL with synchronous = NORMAL: a death of the process loses nothing that was committed, a loss of power the last commits at
 * most, and the file is intact after either. The lock is held as long as the file is open (locking_mode = EXCLUSIVE), and the
 * file is not mapped: SQLite's shared memory and its mapping would end the process with SIGBUS if somebody cut those files
 * short. What cannot be read is put aside under another name, and a new file is begun.
 */
import { Database } from "bun:sqlite";
import { closeSync, constants, existsSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Another number for each change of the tables; a file with another one is not touched. */
const VERSION = 1;
const PAGE_SIZE = 4096;

/** Files that were put aside and are kept. */
const MOST_ASIDE = 3;

export type OpenedHistory =
  /** `aside`: a whole sentence about what was put aside, or null. */
  | { readonly tag: "open"; readonly db: Database; readonly aside: string | null }
  | { readonly tag: "failed"; readonly message: string };

/** Opens the file for its only writer, and makes it (mode 0600) if it is missing. */
export function openHistory(path: string, keepSize: number): OpenedHistory {
  try {
    return { tag: "open", db: openSound(path, keepSize), aside: null };
  } catch (error) {
    if (!isDamage(error)) return { tag: "failed", message: failureOf(path, error) };
    return beginAnew(path, keepSize, error);
  }
}

/** After damage was found in a file that was open; it is closed already. */
export function beginAnew(path: string, keepSize: number, damage: unknown): OpenedHistory {
  try {
    const kept = putAside(path);
    const aside = `cannot read the history in "${path}": ${reasonOf(damage)}; it is kept as "${kept}", and a new one begins`;
    return { tag: "open", db: openSound(path, keepSize), aside };
  } catch (error) {
    return { tag: "failed", message: failureOf(path, error) };
  }
}

/** Opens the file to read it, while no supervisor has it. Throws what SQLite says. */
export function openHistoryForReading(path: string): Database {
  const db = new Database(path, { readonly: true, strict: true });
  try {
    db.run("PRAGMA mmap_size = 0");
    if (versionOf(db) !== VERSION) throw new Damage("it was made by another version of daemonsup");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Closes it, with all that was written in the one file. */
export function closeHistory(db: Database): void {
  try {
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // The disk is full, or gone: it is read from the log of SQLite the next time.
  }
  db.close(true);
}

/** true: the file itself is at fault, and not the disk or a permission. */
export function isDamage(error: unknown): boolean {
  return error instanceof Damage || (isCoded(error) && /^SQLITE_(?:CORRUPT|NOTADB)/.test(error.code));
}

/** "cannot keep the history in "/var/lib/daemonsup/history.db": the disk is full". */
export function failureOf(path: string, error: unknown): string {
  return `cannot keep the history in "${path}": ${reasonOf(error)}`;
}

/** How many bytes of the file hold something. */
export function usedBytesOf(db: Database): number {
  return (numberOf(db, "page_count") - numberOf(db, "freelist_count")) * PAGE_SIZE;
}

class Damage extends Error {}

function openSound(path: string, keepSize: number): Database {
  // With the name taken by a link, or by what is no file, SQLite would write wherever that leads.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  closeSync(openSync(path, flags, 0o600));
  const isUnfinished = existsSync(`${path}-wal`);
  const db = new Database(path, { readwrite: true, create: false, strict: true });
  try {
    db.run("PRAGMA mmap_size = 0");
    // Somebody may be reading what the last supervisor has left.
    db.run("PRAGMA busy_timeout = 2000");
    db.run("PRAGMA locking_mode = EXCLUSIVE");
    db.run(`PRAGMA page_size = ${PAGE_SIZE}`);
    db.run("PRAGMA journal_mode = WAL");
    db.run("PRAGMA synchronous = NORMAL");
    db.run("PRAGMA wal_autocheckpoint = 256");
    db.run("PRAGMA temp_store = MEMORY");
    db.run(`PRAGMA cache_size = -512`);
    // Room for what is written before the oldest makes room for it.
    db.run(`PRAGMA max_page_count = ${Math.ceil((keepSize * 1.25) / PAGE_SIZE) + 256}`);
    if (isUnfinished) checkThrough(db);
    prepareTables(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function checkThrough(db: Database): void {
  const found = valueOf(db, "quick_check(1)");
  if (found !== "ok") throw new Damage(String(found));
}

function prepareTables(db: Database): void {
  const version = versionOf(db);
  if (version === VERSION) return;
  if (version !== 0) throw new Damage("it was made by another version of daemonsup");
  db.transaction(() => {
    for (const statement of TABLES) db.run(statement);
    db.run(`PRAGMA user_version = ${VERSION}`);
  })();
}

/*
 * `run` and `number` of an event count up in the life of one supervisor (`session`), so that what is written twice is there
 * once. Times are milliseconds since 1970. `detail` and `report` are JSON: they are shown, and nothing is looked for in them.
 */
const TABLES = [
  `CREATE TABLE runs (
     id INTEGER PRIMARY KEY, session TEXT NOT NULL, run INTEGER NOT NULL, service TEXT NOT NULL, number INTEGER NOT NULL,
     merged INTEGER NOT NULL, pid INTEGER NOT NULL, restarts INTEGER NOT NULL, began INTEGER NOT NULL, because TEXT NOT NULL,
     ended INTEGER, ran INTEGER, cause TEXT, reason TEXT, detail TEXT, report TEXT, UNIQUE (session, run)) STRICT`,
  "CREATE UNIQUE INDEX runs_of_service ON runs (service, number)",
  "CREATE INDEX runs_by_beginning ON runs (began)",
  "CREATE INDEX runs_by_end ON runs (ended)",
  `CREATE TABLE events (
     id INTEGER PRIMARY KEY, session TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, service TEXT,
     event TEXT NOT NULL, message TEXT NOT NULL, merged INTEGER NOT NULL, UNIQUE (session, number)) STRICT`,
  "CREATE INDEX events_of_service ON events (service, at)",
  "CREATE INDEX events_by_time ON events (at)",
];

function versionOf(db: Database): number {
  return numberOf(db, "user_version");
}

function numberOf(db: Database, pragma: "user_version" | "page_count" | "freelist_count"): number {
  return Number(valueOf(db, pragma));
}

// A statement that is not finalized would keep the file open, and locked, after it was closed.
function valueOf(db: Database, pragma: string): unknown {
  const statement = db.prepare<Readonly<Record<string, unknown>>, []>(`PRAGMA ${pragma}`);
  try {
    return Object.values(statement.get() ?? {})[0];
  } finally {
    statement.finalize();
  }
}

/** Returns where it is now. The oldest of those that were put aside before are removed. */
function putAside(path: string): string {
  const kept = `${path}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  renameSync(path, kept);
  for (const ending of ["-wal", "-shm", "-journal"]) {
    if (existsSync(`${path}${ending}`)) renameSync(`${path}${ending}`, `${kept}${ending}`);
  }
  const [directory, beginning] = [dirname(path), `${basename(path)}.damaged-`];
  const all = readdirSync(directory).filter((name) => name.startsWith(beginning));
  const names = [...new Set(all.map((name) => name.replace(/-(?:wal|shm|journal)$/, "")))].sort();
  for (const name of names.slice(0, -MOST_ASIDE))
    for (const each of all.filter((other) => other.startsWith(name))) rmSync(join(directory, each), { force: true });
  return kept;
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_FULL|^ENOSPC|^EDQUOT/, "the disk is full"],
  [/^SQLITE_READONLY|^EROFS/, "it is read-only"],
  [/^SQLITE_BUSY|^SQLITE_LOCKED/, "another process has it open"],
  [/^SQLITE_NOTADB/, "it is no database"],
  [/^SQLITE_CORRUPT/, "it is damaged"],
  [/^SQLITE_IOERR/, "the disk reports an error"],
  [/^SQLITE_CANTOPEN/, "it cannot be opened"],
];

/** "the disk is full". */
export function reasonOf(error: unknown): string {
  if (!isCoded(error)) return error instanceof Error ? error.message : String(error);
  return REASONS.find(([pattern]) => pattern.test(error.code))?.[1] ?? error.code;
}

function isCoded(error: unknown): error is { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
