/* Where a path leads, and which entries of which directories decide it: to notice when it begins to lead elsewhere. */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";

export interface Signpost {
  /** Without symbolic links. */
  readonly directory: string;
  /** The entry that decides: a link, what is missing, or the last component. */
  readonly name: string;
  readonly isLast: boolean;
}

export interface PathWalk {
  readonly signposts: readonly Signpost[];
  /** Every directory on the way, without symbolic links and without the root. */
  readonly directories: readonly string[];
  readonly end:
    | { readonly tag: "missing" }
    /** `path` is without symbolic links; `identity` stands for the inode. */
    | { readonly tag: "file" | "directory"; readonly path: string; readonly identity: string };
}

/** As the kernel does (path_resolution(7)). */
const MOST_LINKS = 40;

/** Follows an absolute path. What may not be looked at counts as missing. */
export function walkPath(path: string): PathWalk {
  const signposts: Signpost[] = [];
  const directories: string[] = [];
  const ahead = path.split("/");
  let directory = "/";
  for (let links = 0; ;) {
    const name = ahead.shift();
    if (name === undefined) return { signposts, directories, end: endAt(directory) };
    if (name === "" || name === ".") continue;
    if (name === "..") {
      directory = dirname(directory);
      continue;
    }
    const isLast = ahead.every((part) => part === "" || part === ".");
    const entry = join(directory, name);
    const found = look(entry);
    const isDirectory = found?.isDirectory() === true;
    if (isLast || !isDirectory) signposts.push({ directory, name, isLast });
    if (found === null) return { signposts, directories, end: { tag: "missing" } };
    if (found.isSymbolicLink()) {
      const target = ++links > MOST_LINKS ? null : targetOf(entry);
      if (target === null) return { signposts, directories, end: { tag: "missing" } };
      ahead.unshift(...target.split("/"));
      if (target.startsWith("/")) directory = "/";
    } else if (isDirectory) {
      directory = entry;
      directories.push(entry);
    } else if (isLast) {
      return { signposts, directories, end: { tag: "file", path: entry, identity: identityOf(found) } };
    } else return { signposts, directories, end: { tag: "missing" } };
  }
}

function endAt(directory: string): PathWalk["end"] {
  const found = look(directory);
  if (found === null) return { tag: "missing" };
  return { tag: "directory", path: directory, identity: identityOf(found) };
}

function look(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}

function identityOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`;
}
