import { isPattern, matchesPattern } from "../core/name-pattern.ts";
import { hintOf } from "../core/nearest.ts";

/** Which services were meant by the words of a request or a command line. */
export interface Selection {
  /** Each once, in the order in which they were named; those of a glob by name. */
  readonly names: readonly string[];
  /** For each word that means none: why, without the beginning "cannot VERB". */
  readonly unknown: readonly { readonly word: string; readonly reason: string }[];
}

/** Finds the services that the words mean; `existing` are the names of all, in order. */
export function selectServices(words: readonly string[], existing: readonly string[]): Selection {
  const names = new Set<string>();
  const unknown: { word: string; reason: string }[] = [];
  const all = new Set(existing);
  for (const word of new Set(words)) {
    const found = all.has(word) ? [word] : isPattern(word) ? existing.filter((name) => matchesPattern(name, word)) : [];
    for (const name of found) names.add(name);
    if (found.length === 0) unknown.push({ word, reason: reasonOf(word, existing) });
  }
  return { names: [...names], unknown };
}

function reasonOf(word: string, existing: readonly string[]): string {
  if (isPattern(word)) return "no service has such a name";
  return `no such service${hintOf(word, existing)}`;
}
