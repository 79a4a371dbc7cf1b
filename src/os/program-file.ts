/* A program that is to take the place of this one, as a file. */
import { accessSync, closeSync, constants, fstatSync, openSync, readSync, readlinkSync } from "node:fs";
import { reasonOf } from "./errno-reason.ts";
import { errorCodeOf } from "./error-code.ts";

export type OpenedProgram =
  /** The descriptor is close-on-exec, and stands for this very file, whatever becomes of its name. */
  | { readonly tag: "opened"; readonly fd: number }
  /** `reason` is a clause: "it is a directory". */
  | { readonly tag: "refused"; readonly reason: string };

const ELF = Buffer.from("\u007fELF", "latin1");
const OTHERS_MAY_WRITE = 0o022;
const DELETED = " (deleted)";

/** Opens a file that may be executed in place of this program. `path` is absolute; links are followed. */
export function openProgram(path: string): OpenedProgram {
  let fd: number;
  try {
    accessSync(path, constants.X_OK);
    // Of a FIFO nobody is waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { tag: "refused", reason: reasonOf(errorCodeOf(error)) };
  }
  const fault = faultOfProgram(fd);
  if (fault === null) return { tag: "opened", fd };
  closeSync(fd);
  return { tag: "refused", reason: fault };
}

/**
 * Why an open file must not take the place of this program; null: it may. Whoever may write it could do whatever this process may,
 * so of root's only root has a say.
 */
export function faultOfProgram(fd: number): string | null {
  const stats = fstatSync(fd);
  const user = process.geteuid?.() ?? 0;
  if (stats.isDirectory()) return "it is a directory";
  if (!stats.isFile()) return "it is no regular file";
  if (stats.uid !== 0 && stats.uid !== user) return `it belongs to user ${stats.uid}, want root or user ${user}`;
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, "0");
  if (user === 0 && (stats.mode & OTHERS_MAY_WRITE) !== 0) return `others than root may write it (mode ${mode})`;
  const head = Buffer.alloc(ELF.length);
  readSync(fd, head, 0, head.length, 0);
  return head.equals(ELF) ? null : "it is no program of the machine's own kind (ELF)";
}

/** The path by which this process, and a child that has inherited the descriptor, execute the file. */
export function programOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** Where the file of this program is, or was before it was deleted or replaced by another one. */
export function ownProgramPath(): string {
  const path = readlinkSync("/proc/self/exe");
  return path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path;
}
