import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  writeSync,
  type Stats,
} from "node:fs";
import { mapShared, type SharedMemory } from "./shared-memory.ts";

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file of a fixed size, open and mapped. */
export interface MappedFile {
  readonly fd: number;
  readonly memory: SharedMemory;
  /** How long the file was before; shorter than now if it was new or has been cut off. */
  readonly sizeBefore: number;
  /** Complete messages, if the path leads to this file no longer. */
  readonly problems: readonly string[];
}

/** Who keeps the file open beyond this process, so that a successor has it also if its name is removed. */
export interface FileKeeper {
  /** The one of a predecessor; null: there is none. */
  inherit(): number | null;
  hold(fd: number): void;
}

const NOBODY: FileKeeper = { inherit: () => null, hold: () => undefined };

export type FileOpening =
  | { readonly tag: "ok"; readonly file: MappedFile }
  /** `reason` says what is the matter, without the path. */
  | { readonly tag: "failed"; readonly reason: string };

/**
 * Opens or makes a file of our own, mode 0600, gives it the size and maps it shared. Symlinks are not followed. A file that was kept
 * is the one, whatever became of its name.
 */
export function openMappedFile(path: string, size: number, keeper = NOBODY): FileOpening {
  const kept = keeper.inherit();
  let fd: number;
  try {
    fd = kept ?? openSync(path, FLAGS, 0o600);
  } catch (error) {
    return { tag: "failed", reason: reasonOf(error) };
  }
  try {
    const stats = fstatSync(fd);
    const fault = faultOf(path, stats);
    // What was kept is what a predecessor has made, whatever was done to it since.
    if (fault !== null && kept === null) return closeAndFail(fd, fault);
    const amended = fault === null ? null : takeBack(fd, path, fault);
    if (amended === null) fchmodSync(fd, 0o600);
    if (stats.size < size) ftruncateSync(fd, size);
    const memory = mapShared(fd, size);
    if (memory === null) return closeAndFail(fd, "it cannot be mapped");
    if (kept === null) keeper.hold(fd);
    return {
      tag: "ok",
      file: {
        fd,
        memory,
        sizeBefore: stats.size,
        problems: [...problemsOf(path, stats), ...(amended === null ? [] : [amended])],
      },
    };
  } catch (error) {
    return closeAndFail(fd, reasonOf(error));
  }
}

/** Copies what is in the file to another path, replacing what is there; null or what is the matter. */
export function copyAside(fd: number, path: string): string | null {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  try {
    const bytes = Buffer.alloc(fstatSync(fd).size);
    const length = readSync(fd, bytes, 0, bytes.length, 0);
    const copy = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      writeSync(copy, bytes, 0, length);
    } finally {
      closeSync(copy);
    }
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

function problemsOf(path: string, { dev, ino }: Stats): readonly string[] {
  const named = lstatSync(path, { throwIfNoEntry: false });
  if (named?.dev === dev && named.ino === ino) return [];
  return [
    `"${path}" has been removed or replaced: what was in it is lost once the supervisor and its guardian both die`,
  ];
}

function faultOf(path: string, stats: Stats): string | null {
  const user = process.geteuid?.() ?? 0;
  if (!stats.isFile()) return "it is not a regular file";
  if (stats.uid !== user)
    return `it belongs to user ${stats.uid}, want user ${user}; if nobody else has written to it, try chown ${user} ${path}`;
  if (stats.nlink > 1) return `it has ${stats.nlink} names, want one`;
  return null;
}

/** Makes the file ours again as far as that goes. Returns what there is to say of it. */
function takeBack(fd: number, path: string, fault: string): string {
  try {
    fchownSync(fd, process.geteuid?.() ?? 0, process.getegid?.() ?? 0);
    fchmodSync(fd, 0o600);
    return `"${path}" was not as it was left, and is ours again: ${fault.split(";", 1)[0]}`;
  } catch {
    return `"${path}" is not as it was left, and is used all the same: ${fault}`;
  }
}

function closeAndFail(fd: number, reason: string): FileOpening {
  closeSync(fd);
  return { tag: "failed", reason };
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  throw error;
}
