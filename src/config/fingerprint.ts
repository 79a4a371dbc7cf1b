import { readdirSync, stat, statSync, type Stats } from "node:fs";

/** When the files that a fingerprint is of were read, as milliseconds since 1970; and those that lie elsewhere, absolute. */
export interface Looked {
  readonly at: number;
  readonly elsewhere: readonly string[];
}

/** What those files of the directory were when they were read that were read, by their paths: they need not be looked at again. */
export type SeenFiles = ReadonlyMap<string, Stats>;

/**
 * Says in a short text which files a directory holds and whether they are the ones of before: name, size, inode and times
 * of each, links followed, and of the directory itself. Two equal fingerprints mean that nothing has to be read again. Empty
 * if none can be had: the directory cannot be read, or something was written after `at`, or so lately before that the next
 * change might bear the same time.
 */
export function fingerprintOf(directory: string, { at, elsewhere }: Looked): string {
  const seen = seeFiles(directory, elsewhere, new Map());
  return seen === null ? "" : fingerprintIn(seen, at);
}

export interface FilesPrint {
  readonly fingerprint: string;
  /** Of each of the files by its path, as `markOf` says it; empty for one that was written after `at`. */
  readonly marks: Readonly<Record<string, string>>;
}

/** The fingerprint, and what it is made of. Without marks if the directory cannot be read. */
export function printOf(directory: string, { at, elsewhere }: Looked, read: SeenFiles): FilesPrint {
  const seen = seeFiles(directory, elsewhere, read);
  if (seen === null) return { fingerprint: "", marks: {} };
  const marks = seen.map(({ path, entry, changedAt }) => [path, changedAt > at ? "" : hashOf(entry)] as const);
  return { fingerprint: fingerprintIn(seen, at), marks: Object.fromEntries(marks) };
}

interface Seen {
  readonly path: string;
  readonly entry: string;
  /** Milliseconds since 1970; 0: there is no such file. */
  readonly changedAt: number;
}

/** The directory, its files and those elsewhere; null if one of them cannot be looked at. */
function seeFiles(directory: string, elsewhere: readonly string[], read: SeenFiles): readonly Seen[] | null {
  try {
    const names = readdirSync(directory).sort();
    return [directory, ...names.map((name) => `${directory}/${name}`), ...elsewhere].map((path) => {
      const found = read.get(path) ?? statSync(path, { throwIfNoEntry: false });
      return { path, entry: entryOf(path, found), changedAt: Math.floor(found?.ctimeMs ?? 0) };
    });
  } catch {
    return null;
  }
}

function fingerprintIn(seen: readonly Seen[], at: number): string {
  const newest = Math.max(...seen.map(({ changedAt }) => changedAt));
  return at - newest < TICK_MS ? "" : hashOf(seen.map(({ entry }) => entry).join("\n"));
}

/** The mark of a file as it is now, without blocking. Never rejects; one that cannot be looked at is as good as none. */
export function markOf(path: string): Promise<string> {
  return new Promise((resolve) => {
    stat(path, (error, found) => resolve(hashOf(entryOf(path, error === null ? found : undefined))));
  });
}

function hashOf(text: string): string {
  return Bun.hash(text).toString(36);
}

/** Times of files are those of the last tick of the kernel's clock, every 10 ms at most; doubled. */
const TICK_MS = 20;

function entryOf(path: string, stat: Stats | undefined): string {
  return stat === undefined
    ? `${path} -`
    : `${path} ${stat.dev} ${stat.ino} ${stat.mode} ${stat.uid} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
}
