import { type BigIntStats, readdirSync, stat, statSync } from "node:fs";

/** When the files that a fingerprint is of were read, as milliseconds since 1970; and those that lie elsewhere, absolute. */
export interface Looked {
  readonly at: number;
  readonly elsewhere: readonly string[];
}

/**
 * Says in a short text which files a directory holds and whether they are the ones of before: name, size, inode and times
 * of each, links followed, and of the directory itself. Two equal fingerprints mean that nothing has to be read again. Empty
 * if none can be had: the directory cannot be read, or something was written after `at`, or so lately before that the next
 * change might bear the same time.
 */
export function fingerprintOf(directory: string, looked: Looked): string {
  return printOf(directory, looked).fingerprint;
}

export interface FilesPrint {
  readonly fingerprint: string;
  /** Of each of the files by its path, as `markOf` says it; empty for one that was written after `at`. */
  readonly marks: Readonly<Record<string, string>>;
}

/** The fingerprint, and what it is made of. Without marks if the directory cannot be read. */
export function printOf(directory: string, { at, elsewhere }: Looked): FilesPrint {
  try {
    const files = readdirSync(directory)
      .sort()
      .map((name) => `${directory}/${name}`);
    const stats = [directory, ...files, ...elsewhere].map((path) => ({
      path,
      found: statSync(path, { throwIfNoEntry: false, bigint: true }),
    }));
    const entries = stats.map(({ path, found }) => entryOf(path, found));
    const newest = Math.max(...stats.map(({ found }) => Number(found?.ctimeMs ?? 0n)));
    const marks = stats.map(({ path, found }, index) => {
      const isLate = Number(found?.ctimeMs ?? 0n) > at;
      return [path, isLate ? "" : hashOf(entries[index] ?? "")] as const;
    });
    const fingerprint = at - newest < TICK_MS ? "" : hashOf(entries.join("\n"));
    return { fingerprint, marks: Object.fromEntries(marks) };
  } catch {
    return { fingerprint: "", marks: {} };
  }
}

/** The mark of a file as it is now, without blocking. Never rejects; one that cannot be looked at is as good as none. */
export function markOf(path: string): Promise<string> {
  return new Promise((resolve) => {
    stat(path, { bigint: true }, (error, found) => resolve(hashOf(entryOf(path, error === null ? found : undefined))));
  });
}

function hashOf(text: string): string {
  return Bun.hash(text).toString(36);
}

/** Times of files are those of the last tick of the kernel's clock, every 10 ms at most; doubled. */
const TICK_MS = 20;

function entryOf(path: string, stat: BigIntStats | undefined): string {
  return stat === undefined
    ? `${path} -`
    : `${path} ${stat.dev} ${stat.ino} ${stat.mode} ${stat.uid} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}
