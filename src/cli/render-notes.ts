import { harmless } from "../config/problem.ts";
import { onOneLine } from "./render-text.ts";

/** What is worth knowing beside an answer. A problem brings the line of its file and a mark below it along. */
export function renderNotes(notes: readonly string[]): readonly string[] {
  return notes.flatMap((note) => {
    const [first = "", ...rest] = note.split("\n");
    return [`  note: ${onOneLine(first)}`, ...rest.map((line) => `  ${harmless(line.trimEnd())}`)];
  });
}
