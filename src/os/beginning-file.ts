/*
 * The file that says since when there have been supervisors here, one after the other, and since when of the version at work: JSON,
 * written by the first, and by each that is of another version than the one before it.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { WallTime } from "../core/units.ts";
import { acceptDraft, draftOf } from "./draft-file.ts";
import { errorCodeOf } from "./error-code.ts";

export interface Beginning {
  /** When the first of them began. */
  readonly since: WallTime;
  /** Which supervisor that was, counted over all that there have ever been. */
  readonly generation: number;
  /** Of which version the last of them is, and since when they have been of it without a break. */
  readonly version: string;
  readonly versionSince: WallTime;
}

/** null: there is none that can be read. */
export function readBeginning(path: string): Beginning | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value !== "object" || value === null) return null;
    const { since, generation, version, versionSince } = value as Partial<Record<keyof Beginning, unknown>>;
    if (typeof since !== "number" || typeof generation !== "number") return null;
    if (typeof version !== "string" || typeof versionSince !== "number") return null;
    return { since: since as WallTime, generation, version, versionSince: versionSince as WallTime };
  } catch {
    return null;
  }
}

/** Mode 0600. null if it is written, otherwise why not, as a whole sentence. */
export function writeBeginning(path: string, beginning: Beginning): string | null {
  const draft = draftOf(path);
  try {
    rmSync(draft, { force: true });
    writeFileSync(draft, `${JSON.stringify(beginning)}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    return `cannot write "${draft}": ${errorCodeOf(error)}`;
  }
  return acceptDraft(path);
}
