import { chmodSync, chownSync, lstatSync, mkdirSync } from "node:fs";
import { reasonOf } from "./errno-reason.ts";

/** A directory that the supervisor keeps for itself. */
export interface OwnDirectory {
  readonly path: string;
  readonly mode: number;
  /** Who is to own it. */
  readonly uid: number;
  readonly gid: number;
}

/**
 * Makes the directory if it is missing, or checks the one that is there: it must be a directory (not a link to one),
 * belong to its user, and be writable by nobody else. Returns null, or what is wrong as a sentence without a subject.
 * Parents are made only for the directories below the user's own state; a missing parent of root's is reported.
 */
export function prepareDirectory(wanted: OwnDirectory, mayMakeParents: boolean): string | null {
  try {
    const found = lstatSync(wanted.path, { throwIfNoEntry: false });
    if (found === undefined) return make(wanted, mayMakeParents);
    if (found.isSymbolicLink()) return "is a symbolic link, want a directory";
    if (!found.isDirectory()) return "is not a directory";
    if (found.uid !== wanted.uid) return `belongs to user ${found.uid}, want user ${wanted.uid}`;
    if ((found.mode & 0o022 & ~wanted.mode) !== 0)
      return `may be written by others (mode ${octal(found.mode)}), want mode ${octal(wanted.mode)}`;
    // What others may read or pass through is closed to them: a lock on the pid file is within their reach otherwise.
    if ((found.mode & 0o077 & ~wanted.mode) !== 0) chmodSync(wanted.path, wanted.mode);
    return null;
  } catch (error) {
    return `cannot be looked at: ${wordsOf(error)}`;
  }
}

/**
 * Lets groups pass through the directory to what lies in it, but not list it: mode 0710. A directory has one group, so for more
 * it is opened to all (0711), and what lies in it has to keep itself. The caller is its owner or root. Returns null, or what is
 * wrong as a sentence without a subject.
 */
export function openDirectory(path: string, gids: readonly number[]): string | null {
  const [gid = -1] = gids;
  try {
    if (gids.length === 1) chownSync(path, lstatSync(path).uid, gid);
    chmodSync(path, gids.length === 1 ? 0o710 : 0o711);
    return null;
  } catch (error) {
    return `cannot be opened to group ${gids.join(" and ")}: ${wordsOf(error)}`;
  }
}

function make(wanted: OwnDirectory, mayMakeParents: boolean): string | null {
  try {
    mkdirSync(wanted.path, { mode: mayMakeParents ? 0o700 : wanted.mode, recursive: mayMakeParents });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === "ENOENT"
      ? "cannot be made: its parent directory does not exist"
      : `cannot be made: ${wordsOf(error)}`;
  }
  chmodSync(wanted.path, wanted.mode); // mkdir's mode went through the umask
  if (wanted.uid !== process.getuid?.() || wanted.gid !== process.getgid?.())
    chownSync(wanted.path, wanted.uid, wanted.gid);
  return null;
}

function octal(mode: number): string {
  return `0${(mode & 0o7777).toString(8)}`;
}

function wordsOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  return code === null ? String(error) : reasonOf(code);
}
