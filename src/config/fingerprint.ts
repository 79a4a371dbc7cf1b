import { type BigIntStats, readdirSync, statSync } from "node:fs";

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
export function fingerprintOf(directory: string, { at, elsewhere }: Looked): string {
  try {
    const paths = [
      directory,
      ...readdirSync(directory)
        .sort()
        .map((name) => `${directory}/${name}`),
      ...elsewhere,
    ];
    const stats = paths.map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }));
    const newest = Math.max(...stats.map((stat) => Number(stat?.ctimeMs ?? 0n)));
    if (at - newest < TICK_MS) return "";
    return String(Bun.hash(paths.map((path, index) => entryOf(path, stats[index])).join("\n")));
  } catch {
    return "";
  }
}

/** Times of files are those of the last tick of the kernel's clock, every 10 ms at most; doubled. */
const TICK_MS = 20;

function entryOf(path: string, stat: BigIntStats | undefined): string {
  return stat === undefined
    ? `${path} -`
    : `${path} ${stat.dev} ${stat.ino} ${stat.mode} ${stat.uid} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}
