/** The candidate that `text` was most likely meant to be, or null if none is close enough to suggest. */
export function nearestOf(text: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The same for a name that may have been begun only: "stat" means "status", if nothing else begins so. */
export function nearestNameOf(text: string, candidates: readonly string[]): string | null {
  const begun = text === "" ? [] : candidates.filter((candidate) => candidate.startsWith(text));
  return begun.length === 1 ? (begun[0] ?? null) : nearestOf(text, candidates);
}

/** Words to put behind a name that does not exist: ` (did you mean "web"?)`, or none. */
export function hintOf(text: string, candidates: Iterable<string>): string {
  return didYouMean(nearestOf(text, candidates));
}

/** The same for a name that was found in another way; null: none. */
export function didYouMean(nearest: string | null): string {
  return nearest === null ? "" : ` (did you mean "${nearest}"?)`;
}

/** Edits (insert, delete, replace, swap of neighbours) from one string to the other; both cut at 100 characters. */
function editDistance(left: string, right: string): number {
  const a = left.slice(0, 100);
  const b = right.slice(0, 100);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replace = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let least = Math.min(replace, at(last, column) + 1, at(current, column - 1) + 1);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) least = Math.min(least, at(beforeLast, column - 2) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
