import type { ReloadAnswer } from "../control/protocol.ts";
import { onOneLine } from "./render-text.ts";

const MOST_NAMES = 10;

/** What a reload did, or with `isDryRun` would do: the counts, then the names, then what is worth knowing. */
export function renderReload(answer: ReloadAnswer, isDryRun: boolean): readonly string[] {
  const { added, removed, changed, adjusted, unchanged } = answer.difference;
  const parts = [
    ["added", added, Number.POSITIVE_INFINITY],
    ["removed", removed, Number.POSITIVE_INFINITY],
    ["changed", changed, Number.POSITIVE_INFINITY],
    ["adjusted", adjusted, Number.POSITIVE_INFINITY],
    ["unchanged", unchanged, MOST_NAMES],
    ["relayed to", answer.relayed, MOST_NAMES],
  ] as const;
  const counts = parts.slice(0, -1).map(([label, names]) => `${names.length} ${label}`);
  const lists = parts
    .filter(([, names]) => names.length > 0)
    .map(([label, names, most]) => `  ${label.padEnd("relayed to".length)}  ${namesUpTo(names, most)}`);
  const notes = answer.notes.map((note) => `  note: ${onOneLine(note)}`);
  return [`${isDryRun ? "would reload" : "reloaded"}: ${counts.join(", ")}`, ...lists, ...notes];
}

function namesUpTo(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
