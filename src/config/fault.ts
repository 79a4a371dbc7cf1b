import type { Path } from "./document.ts";

/** Something wrong with one value of a document, before it is known where that stands in the text. */
export interface Fault {
  readonly path: Path;
  /** What to point at: the key, or what is written for it. */
  readonly at: "key" | "value";
  /** The part of the message behind the colon. */
  readonly reason: string;
  readonly suggestion: string | null;
}

export function faultAt(path: Path, reason: string, suggestion: string | null = null): Fault {
  return { path, at: "value", reason, suggestion };
}
