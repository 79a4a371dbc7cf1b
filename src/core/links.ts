/* The graph of all services: who requires, wants, follows and excludes whom. */
import type { Definition } from "./definition.ts";
import type { Requirement } from "./life-policies.ts";

/** The links that a definition names. */
export type LinkKeys = Pick<Definition, "name" | "requires" | "wants" | "after" | "before" | "conflicts">;

interface Index {
  /** What a service requires or wants, of what there is. */
  readonly needed: ReadonlyMap<string, readonly string[]>;
  readonly dependents: ReadonlyMap<string, ReadonlySet<string>>;
  readonly predecessors: ReadonlyMap<string, ReadonlySet<string>>;
  readonly successors: ReadonlyMap<string, ReadonlySet<string>>;
  readonly conflicts: ReadonlyMap<string, ReadonlySet<string>>;
  /** The values of dependents, successors and conflicts together. */
  readonly watchers: ReadonlyMap<string, ReadonlySet<string>>;
}

const NOBODY: ReadonlySet<string> = new Set();
const NOTHING: readonly string[] = [];

export class Links {
  readonly #definitions = new Map<string, LinkKeys>();
  #index: Index | null = null;

  set(definition: LinkKeys): void {
    this.#definitions.set(definition.name, definition);
    this.#index = null;
  }

  remove(service: string): void {
    if (this.#definitions.delete(service)) this.#index = null;
  }

  requirementsOf(service: string): readonly Requirement[] {
    return this.#definitions.get(service)?.requires ?? [];
  }

  /** Those that require it. */
  dependentsOf(service: string): ReadonlySet<string> {
    return this.#look().dependents.get(service) ?? NOBODY;
  }

  /** Those that it comes after without requiring them. */
  predecessorsOf(service: string): ReadonlySet<string> {
    return this.#look().predecessors.get(service) ?? NOBODY;
  }

  /** Those that come after it without requiring it. */
  successorsOf(service: string): ReadonlySet<string> {
    return this.#look().successors.get(service) ?? NOBODY;
  }

  conflictsOf(service: string): ReadonlySet<string> {
    return this.#look().conflicts.get(service) ?? NOBODY;
  }

  /** true: nothing has to begin before it, nor to make way for it. */
  isAlone(service: string): boolean {
    const { needed, conflicts } = this.#look();
    return (needed.get(service) ?? NOTHING).every((other) => other === service) && !conflicts.get(service)?.size;
  }

  /** true: what becomes of it matters to another one. */
  isLinked(service: string): boolean {
    return this.watchersOf(service).size > 0;
  }

  /** Those to which it matters what becomes of it. */
  watchersOf(service: string): ReadonlySet<string> {
    return this.#look().watchers.get(service) ?? NOBODY;
  }

  /** These, and all that they require or want, however far. */
  closureOf(services: Iterable<string>): ReadonlySet<string> {
    const { needed } = this.#look();
    const found = new Set(services);
    for (const service of found) for (const other of needed.get(service) ?? NOTHING) found.add(other);
    return found;
  }

  /** All that it requires, and what that requires, however far. */
  requiredBy(service: string): ReadonlySet<string> {
    const found = new Set(this.requirementsOf(service).map(({ name }) => name));
    for (const each of found) for (const { name } of this.requirementsOf(each)) found.add(name);
    return found;
  }

  /** These in an order in which each comes after what it needs or follows; otherwise as they were given. */
  inStartOrder(services: Iterable<string>): readonly string[] {
    const among = new Set(services);
    if (among.size <= 1) return [...among];
    const placed = new Set<string>();
    const stack: { readonly service: string; readonly isOpen: boolean }[] = [];
    for (const service of [...among].toReversed()) stack.push({ service, isOpen: true });
    const visited = new Set<string>();
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { service, isOpen } = top;
      if (!isOpen) placed.add(service);
      if (!isOpen || visited.has(service)) continue;
      visited.add(service);
      stack.push({ service, isOpen: false });
      for (const earlier of this.#earlierThan(service)) {
        if (among.has(earlier) && !visited.has(earlier)) stack.push({ service: earlier, isOpen: true });
      }
    }
    return [...placed];
  }

  #earlierThan(service: string): readonly string[] {
    return [...this.requirementsOf(service).map(({ name }) => name), ...this.predecessorsOf(service)];
  }

  #look(): Index {
    this.#index ??= indexOf(this.#definitions);
    return this.#index;
  }
}

function indexOf(definitions: ReadonlyMap<string, LinkKeys>): Index {
  const needed = new Map<string, readonly string[]>();
  const [dependents, predecessors, successors, conflicts] = [new Pairs(), new Pairs(), new Pairs(), new Pairs()];
  for (const { name, requires, wants, after, before, conflicts: rivals } of definitions.values()) {
    if (requires.length + wants.length > 0) {
      const others = [...requires.map((requirement) => requirement.name), ...wants];
      needed.set(
        name,
        others.filter((other) => definitions.has(other)),
      );
    }
    for (const requirement of requires) dependents.add(requirement.name, name);
    const follow = (earlier: string, later: string): void => {
      predecessors.add(later, earlier);
      successors.add(earlier, later);
    };
    for (const earlier of [...wants, ...after]) follow(earlier, name);
    for (const later of before) follow(name, later);
    for (const rival of rivals) {
      conflicts.add(name, rival);
      conflicts.add(rival, name);
    }
  }
  const watchers = new Pairs();
  for (const pairs of [dependents, successors, conflicts])
    for (const [name, others] of pairs) for (const other of others) watchers.add(name, other);
  return { needed, watchers, dependents, predecessors, successors, conflicts };
}

class Pairs extends Map<string, Set<string>> {
  add(key: string, value: string): void {
    const values = this.get(key);
    if (values === undefined) this.set(key, new Set([value]));
    else values.add(value);
  }
}
