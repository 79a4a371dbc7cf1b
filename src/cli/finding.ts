/** What an examination of the surroundings has found. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly about: string;
  /** ok: as it should be; note: worth knowing; warning: will hurt some day; problem: hurts now. */
  readonly level: FindingLevel;
  /** What was found, and what it means. */
  readonly found: string;
  /** What to do about it, or null. */
  readonly mend: string | null;
}

export const FINDING_LEVELS = ["ok", "note", "warning", "problem"] as const;
export type FindingLevel = (typeof FINDING_LEVELS)[number];

/** As it should be. */
export function fine(about: string, found: string): Finding {
  return { about, level: "ok", found, mend: null };
}
