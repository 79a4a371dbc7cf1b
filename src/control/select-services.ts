import { isPattern, matchesPattern } from "../core/name-pattern.ts";
import { hintOf } from "../core/nearest.ts";

/** Which services were meant by the words of a request or a command line. */
export interface Selection {
  /** Each once, in the order in which they were named; those of a glob by name. */
  readonly names: readonly string[];
  /** For each word that means none: why, without the beginning "cannot VERB". */
  readonly unknown: readonly { readonly word: string; readonly reason: string }[];
}

/** What names there are, each in order. They are asked for only where a word is no name of a service. */
export interface Existing {
  services(): readonly string[];
  /** Empty where nobody knows them. */
  templates(): readonly string[];
}

export interface Findable extends Existing {
  /** true: a service has this name. */
  has(name: string): boolean;
}

/** These services, where nobody knows of templates. */
export function onlyServices(names: readonly string[]): Findable {
  const all = new Set(names);
  return { services: () => names, templates: () => [], has: (name) => all.has(name) };
}

/** Finds the services that the words mean. */
export function selectServices(words: readonly string[], existing: Findable): Selection {
  const names = new Set<string>();
  const unknown: { word: string; reason: string }[] = [];
  for (const word of new Set(words)) {
    const found = existing.has(word)
      ? [word]
      : isPattern(word)
        ? existing.services().filter((name) => matchesPattern(name, word))
        : [];
    for (const name of found) names.add(name);
    if (found.length === 0) unknown.push({ word, reason: reasonOf(word, existing) });
  }
  return { names: [...names], unknown };
}

function reasonOf(word: string, existing: Existing): string {
  return isPattern(word) ? "no service has such a name" : missingWordsOf(word, existing);
}

/** What is said of a name that no service has: what may have been meant, and of a template, how one comes by an instance of it. */
export function missingWordsOf(name: string, existing: Existing): string {
  const [services, templates] = [existing.services(), existing.templates()];
  const template = name.endsWith("@") ? name.slice(0, -1) : name;
  if (!templates.includes(template)) return `no such service${hintOf(name, services)}`;
  const first = services.find((service) => service.startsWith(`${template}@`)) ?? `${template}@1`;
  return `no such service: it is a template, whose instances have names like "${first}", or all "${template}@*" (for N of them: daemonsup scale ${template} N)`;
}
