/*
 * The pid file. Its lock is the truth, not the number in it: flock(2) ends with the last descriptor, however the process
 * ended, and survives exec. The file is never unlinked: a second daemon could lock the new one while the first holds the old.
 */
import { dlopen } from "bun:ffi";
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int flock(int fd, int operation);
  flock: { args: ["i32", "i32"], returns: "i32" },
} as const);

/** A pid and a newline are far less. */
const MOST_BYTES = 64;
/** A client that looks whether the lock is held takes it for a moment itself. */
const LOCK_ATTEMPTS = 20;
const LOCK_PAUSE_MS = 10;

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

export type PidFileResult =
  | { readonly tag: "taken"; readonly fd: number }
  /** Another supervisor holds it; `pid` is what the file says, null if that is no number. */
  | { readonly tag: "held"; readonly pid: number | null }
  /** An errno, or what is wrong as a sentence. */
  | { readonly tag: "failed"; readonly reason: string };

/** Locks the pid file and writes this number into it. The lock lasts as long as the descriptor is open in any process. */
export function takePidFile(path: string, pid: number): PidFileResult {
  for (;;) {
    const fd = open(path);
    if (typeof fd === "string") return { tag: "failed", reason: fd };
    if (!fstatSync(fd).isFile()) return closeAnd(fd, { tag: "failed", reason: "it is not a regular file" });
    const errno = lock(fd);
    if (errno !== null) {
      return closeAnd(
        fd,
        errno === "EWOULDBLOCK" || errno === "EAGAIN"
          ? { tag: "held", pid: readPidFile(path) }
          : { tag: "failed", reason: errno },
      );
    }
    if (isSameFile(fd, path)) {
      writePidFile(fd, pid);
      return { tag: "taken", fd };
    }
    closeSync(fd); // somebody replaced the file between open and lock: lock the one that is there now
  }
}

/**
 * Locks a directory as long as the returned descriptor is open, and leaves nothing in it. "held": somebody else has; null: it
 * cannot be opened, or its file system has no locks.
 */
export function lockDirectory(path: string): number | "held" | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return null;
  }
  const errno = lock(fd);
  if (errno === null) return fd;
  return closeAnd(fd, errno === "EWOULDBLOCK" || errno === "EAGAIN" ? "held" : null);
}

/** Writes another number into the file of a lock that was taken. */
export function writePidFile(fd: number, pid: number): void {
  ftruncateSync(fd, 0);
  writeSync(fd, `${pid}\n`, 0);
}

/** Who may look whether the lock is held: this user, and the group (null: no group). Harmless where that may not be said. */
export function sharePidFile(fd: number, uid: number, gid: number | null): void {
  try {
    fchownSync(fd, uid, gid ?? fstatSync(fd).gid);
    fchmodSync(fd, gid === null ? 0o600 : 0o640);
  } catch {
    // Then it is for those alone who could read it before.
  }
}

/** Empties the file; the lock goes with the process. */
export function clearPidFile(fd: number): void {
  ftruncateSync(fd, 0);
}

/** true while a supervisor holds the lock, whatever number the file says. */
export function isPidFileLocked(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  const free = libc.symbols.flock(fd, LOCK_SH | LOCK_NB) === 0;
  closeSync(fd);
  return !free;
}

/**
 * The number in the file; null if there is no file or no number. The file may be in somebody else's hands: a FIFO or a
 * device must not block the reader, and of a large file only the beginning is read.
 */
export function readPidFile(path: string): number | null {
  let fd: number | null = null;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (!fstatSync(fd).isFile()) return null;
    const bytes = Buffer.alloc(MOST_BYTES);
    const text = bytes.toString("latin1", 0, readSync(fd, bytes, 0, MOST_BYTES, 0)).trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** What these mean here: a link is never followed, and only a regular file is opened for writing. */
const OPEN_PROBLEMS: Readonly<Record<string, string>> = {
  ELOOP: "it is a symbolic link, want a regular file",
  EISDIR: "it is a directory, want a regular file",
};

function open(path: string): number | string {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "EIO";
    return OPEN_PROBLEMS[errno] ?? errno;
  }
}

/** null: locked; otherwise the errno. */
function lock(fd: number): string | null {
  for (let attempt = 1; ; attempt++) {
    if (libc.symbols.flock(fd, LOCK_EX | LOCK_NB) === 0) return null;
    const errno = lastErrno();
    if (errno !== "EAGAIN" && errno !== "EWOULDBLOCK") return errno;
    if (attempt === LOCK_ATTEMPTS) return errno;
    Bun.sleepSync(LOCK_PAUSE_MS);
  }
}

function isSameFile(fd: number, path: string): boolean {
  const mine = fstatSync(fd);
  const there = statSync(path, { throwIfNoEntry: false });
  return there?.ino === mine.ino && there.dev === mine.dev;
}

function closeAnd<Result>(fd: number, result: Result): Result {
  closeSync(fd);
  return result;
}
