/* The file that says since when there have been supervisors here, one after the other: JSON, written once by the first. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { WallTime } from "../core/units.ts";
import { acceptDraft, draftOf } from "./draft-file.ts";
import { errorCodeOf } from "./error-code.ts";

export interface Beginning {
  /** When the first of them began. */
  readonly since: WallTime;
  /** Which supervisor that was, counted over all that there have ever been. */
  readonly generation: number;
}

/** null: there is none that can be read. */
export function readBeginning(path: string): Beginning | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value !== "object" || value === null) return null;
    const { since, generation } = value as { readonly since?: unknown; readonly generation?: unknown };
    return typeof since === "number" && typeof generation === "number"
      ? { since: since as WallTime, generation }
      : null;
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
