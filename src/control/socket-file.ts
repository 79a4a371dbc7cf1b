import { statusSocketOf } from "../core/paths.ts";
import { lstatSync, unlinkSync } from "node:fs";

/** Longest path of a Unix socket in bytes: sun_path of unix(7) has 108, the last of them NUL. */
const MAX_SOCKET_PATH = 107;

/** Why no socket can have this path, or null if one can. */
export function socketPathProblem(path: string): string | null {
  const length = Buffer.byteLength(path);
  if (length <= MAX_SOCKET_PATH) return null;
  return `cannot use "${path}" as a socket: the path has ${length} bytes, want at most ${MAX_SOCKET_PATH} (choose a shorter --runtime-dir)`;
}

/** The path of the socket for those who may only look, which lies beside the control socket. */
export function statusSocketBeside(controlSocket: string): string {
  return statusSocketOf(controlSocket.slice(0, controlSocket.lastIndexOf("/")));
}

export type UnlinkResult =
  | { readonly tag: "gone" }
  /** It is there and is no socket, or cannot be removed; nothing was changed. */
  | { readonly tag: "failed"; readonly message: string };

/** Removes the socket that a dead supervisor has left; only ever a socket. The caller holds the supervisor's lock. */
export function unlinkStaleSocket(path: string): UnlinkResult {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return { tag: "gone" };
    if (!found.isSocket()) return { tag: "failed", message: `cannot replace "${path}": it is not a socket` };
    unlinkSync(path);
    return { tag: "gone" };
  } catch (error) {
    return { tag: "failed", message: `cannot replace "${path}": ${codeOf(error)}` };
  }
}

/** The errno name of a failed system call, or its message if it has none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
