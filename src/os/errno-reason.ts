import { getSystemErrorMap } from "node:util";

const TEXTS = new Map(getSystemErrorMap().values());

/** "EACCES: permission denied" */
export function reasonOf(errno: string): string {
  // The kernel says this of a link that it was told not to follow, and then means no loop.
  if (errno === "ELOOP") return "it is a symbolic link";
  const text = TEXTS.get(errno);
  return text === undefined ? errno : `${errno}: ${text}`;
}
