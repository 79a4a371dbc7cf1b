/* What is looked into below a watched directory, and what is not. */
import { readdirSync } from "node:fs";

/** Looking at a repository writes there. */
const IGNORED_DIRECTORIES: ReadonlySet<string> = new Set([".git", ".hg", ".svn", ".jj"]);
/** What editors leave behind for a moment. */
const IGNORED_FILES = /^\.#|^#.*#$|\.sw[a-z]$|~$|^4913$|^\.goutputstream-/;

/** true: it changes without anybody having changed what a service is made of. */
export function isIgnored(name: string, isDirectory: boolean): boolean {
  return isDirectory ? IGNORED_DIRECTORIES.has(name) : IGNORED_FILES.test(name);
}

/** The names of the directories that count; symbolic links are none. Empty for what has gone or may not be read. */
export function subdirectoriesOf(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && !isIgnored(entry.name, true)).map(({ name }) => name);
  } catch {
    return [];
  }
}
