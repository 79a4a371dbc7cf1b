import { readdirSync, statSync } from "node:fs";

/**
 * Says in a short text which files a directory holds and whether they are the ones of before: name, size, inode and times
 * of each, links followed. Two equal fingerprints mean that nothing has to be read again. Empty if the directory cannot be
 * read.
 */
export function fingerprintOf(directory: string): string {
  try {
    const names = readdirSync(directory).sort();
    return String(Bun.hash([directory, ...names.map((name) => entryOf(`${directory}/${name}`))].join("\n")));
  } catch {
    return "";
  }
}

function entryOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined
    ? `${path} -`
    : `${path} ${stat.dev} ${stat.ino} ${stat.mode} ${stat.uid} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}
