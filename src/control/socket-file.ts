import { statusSocketOf } from "../core/paths.ts";

/** Longest path of a Unix socket in bytes: sun_path of unix(7) has 108, the last of them NUL. */
const MAX_SOCKET_PATH = 107;

/** Why no socket can have this path, or null if one can. */
export function socketPathProblem(path: string): string | null {
  // No character takes more than three bytes for each unit of its length.
  if (path.length * 3 <= MAX_SOCKET_PATH) return null;
  const length = Buffer.byteLength(path);
  if (length <= MAX_SOCKET_PATH) return null;
  return `cannot use "${path}" as a socket: the path has ${length} bytes, want at most ${MAX_SOCKET_PATH} (choose a shorter --runtime-dir)`;
}

/** The path of the socket for those who may only look, which lies beside the control socket. */
export function statusSocketBeside(controlSocket: string): string {
  return statusSocketOf(controlSocket.slice(0, controlSocket.lastIndexOf("/")));
}

/** The errno name of a failed system call, or its message if it has none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
