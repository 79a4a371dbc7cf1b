import type { ReloadAnswer } from "../control/protocol.ts";
import { renderNotes } from "./render-notes.ts";
import { onOneLine } from "./render-text.ts";

const MOST_NAMES = 10;

/** What a reload did, or with `isDryRun` would do: the counts, then the names, then what is worth knowing. */
export function renderReload(answer: ReloadAnswer, isDryRun: boolean): readonly string[] {
  return isDryRun ? renderPlan(answer) : renderDeed(answer);
}

/** What would be done to each service that differs; of the others who would get the same. */
function renderPlan({ difference, plan, notes }: ReloadAnswer): readonly string[] {
  const differing = plan.filter(({ change }) => change !== "unchanged");
  const width = Math.max(0, ...differing.map(({ name }) => name.length));
  const others = plan.filter(({ change }) => change === "unchanged");
  const lines = [...Map.groupBy(others, ({ effect }) => effect)].map(([effect, same]) => {
    const names = same.map(({ name }) => name);
    return `  unchanged${effect === "nothing" ? "" : `, ${onOneLine(effect)}`}: ${namesUpTo(names, MOST_NAMES)}`;
  });
  return [
    `would reload: ${countsOf(difference)}`,
    ...differing.map(
      ({ name, change, effect }) =>
        `  ${name.padEnd(width)}  ${change.padEnd("adjusted".length)}  ${onOneLine(effect)}`,
    ),
    ...lines,
    ...renderNotes(notes),
  ];
}

function renderDeed(answer: ReloadAnswer): readonly string[] {
  const { added, removed, changed, adjusted, unchanged } = answer.difference;
  const parts = [
    ["added", added, Number.POSITIVE_INFINITY],
    ["removed", removed, Number.POSITIVE_INFINITY],
    ["changed", changed, Number.POSITIVE_INFINITY],
    ["adjusted", adjusted, Number.POSITIVE_INFINITY],
    ["unchanged", unchanged, MOST_NAMES],
    ["relayed to", answer.relayed, MOST_NAMES],
  ] as const;
  const lists = parts
    .filter(([, names]) => names.length > 0)
    .map(([label, names, most]) => `  ${label.padEnd("relayed to".length)}  ${namesUpTo(names, most)}`);
  return [`reloaded: ${countsOf(answer.difference)}`, ...lists, ...renderNotes(answer.notes)];
}

function countsOf({ added, removed, changed, adjusted, unchanged }: ReloadAnswer["difference"]): string {
  return [
    `${added.length} added`,
    `${removed.length} removed`,
    `${changed.length} changed`,
    `${adjusted.length} adjusted`,
    `${unchanged.length} unchanged`,
  ].join(", ");
}

function namesUpTo(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
