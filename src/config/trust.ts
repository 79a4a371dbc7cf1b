import type { Stats } from "node:fs";

/** Who reads the configuration: `invokingUid` is who typed the command (behind sudo, for example). */
export interface Reader {
  readonly isRoot: boolean;
  readonly invokingUid: number;
}

/**
 * Why root must not believe a file or directory, or null. Who may write a definition runs programs as root; so only
 * root, and the person who gave the command, may.
 */
export function distrustOf(stat: Stats, reader: Reader): string | null {
  if (!reader.isRoot) return null;
  if ((stat.mode & 0o002) !== 0)
    return `everybody may write it (mode ${(stat.mode & 0o7777).toString(8).padStart(4, "0")}), and root would run what it says`;
  if (stat.uid === 0 || stat.uid === reader.invokingUid) return null;
  return `it belongs to user ${stat.uid}, neither root nor you, and root would run what it says`;
}
