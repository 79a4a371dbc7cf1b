import { skipReason } from "./loud-skip.ts";

const isRoot = process.getuid?.() === 0;

/** true: the test needs root, and this is not root. */
export const needsRoot: boolean = skipReason("what only root can see", [[isRoot, "this is not root"]]) !== null;

/** The command, run by a user who is not root: this one, or, as root, "nobody". */
export function asOrdinaryUser(words: readonly string[]): readonly string[] {
  return isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...words] : words;
}
