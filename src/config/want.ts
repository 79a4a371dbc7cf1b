import { nearestOf } from "../core/nearest.ts";

/**
 * The text of a schema's error, which goes on after "want" in the message; a second line, if there is one, is the
 * suggestion. zod has room for one string an error, so both travel in it.
 */
export function wanted(want: string, suggestion: string | null = null): string {
  return suggestion === null ? want : `${want}\n${suggestion}`;
}

export interface Wanted {
  readonly want: string;
  readonly suggestion: string | null;
}

/** The two parts of a text made by `wanted`. */
export function parseWanted(text: string): Wanted {
  const end = text.indexOf("\n");
  return end === -1 ? { want: text, suggestion: null } : { want: text.slice(0, end), suggestion: text.slice(end + 1) };
}

/** `did you mean "on-failure"?` if one of the candidates is near; null otherwise. */
export function suggestNearest(input: unknown, candidates: Iterable<string>): string | null {
  if (typeof input !== "string" || input === "") return null;
  const nearest = nearestOf(input, candidates);
  return nearest === null ? null : `did you mean "${nearest}"?`;
}

/** Lists values for a message: "a", "b" or "c". */
export function listOf(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value}"`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}
