import { lstatSync, unlinkSync } from "node:fs";
import { codeOf } from "./socket-file.ts";

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
