/*
 * The file of a Unix socket. Whoever may write to its directory may put something else in its place at any moment, so
 * it is given its owner and mode through a descriptor that stands for the file itself, and follows no link.
 */
import {
  type BigIntStats,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  unlinkSync,
} from "node:fs";

/** Not among the constants of the runtime; the same on x86-64 and aarch64. */
const O_PATH = 0o10000000;

/** Which file it is, whatever becomes of its name. */
export interface SocketFile {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

export interface FileAccess {
  readonly mode: number;
  /** null: stays as it is. */
  readonly uid: number | null;
  readonly gid: number | null;
}

/** The socket that was just made there, with a mode of 0; or what is wrong, as a clause. */
export function findNewSocketFile(path: string): SocketFile | string {
  return throughDescriptor(path, (_descriptor, found) => {
    const isNew = found.isSocket() && (found.mode & 0o777n) === 0n && Number(found.uid) === process.geteuid?.();
    return isNew ? { path, device: found.dev, inode: found.ino } : "somebody else has put something in its place";
  });
}

/** Gives the file its owner, group and mode, in this order. null, or what is wrong, as a clause. */
export function giveAccess(file: SocketFile, access: FileAccess): string | null {
  return throughDescriptor(file.path, (descriptor, found) => {
    if (!isSame(file, found)) return "somebody else has put something in its place";
    const uid = access.uid ?? Number(found.uid);
    const gid = access.gid ?? Number(found.gid);
    if (uid !== Number(found.uid) || gid !== Number(found.gid)) chownSync(descriptor, uid, gid);
    // Once root is given up, what is as it should be may be changed no more.
    if ((Number(found.mode) & 0o7777) !== access.mode) chmodSync(descriptor, access.mode);
    return null;
  });
}

/** Removes the file if it still is the one; otherwise, or if that is not allowed, everything stays as it is. */
export function removeSocketFile(file: SocketFile): void {
  try {
    if (isSame(file, lstatSync(file.path, { bigint: true }))) unlinkSync(file.path);
  } catch {
    // Gone already, or in a directory that this process may not write to any more.
  }
}

function isSame(file: SocketFile, found: BigIntStats): boolean {
  return found.dev === file.device && found.ino === file.inode;
}

/** `use` is given a path that leads to the very file, and what the file is. An errno becomes a clause. */
function throughDescriptor<T>(path: string, use: (descriptor: string, found: BigIntStats) => T): T | string {
  let fd: number | null = null;
  try {
    fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
    return use(`/proc/self/fd/${fd}`, fstatSync(fd, { bigint: true }));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
