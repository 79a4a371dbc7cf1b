/* The order of services in steps: each stands one step after the last of those that it has to wait for. */
import type { GraphNode } from "../core/graph-view.ts";

/** One thing that orders two services, from the earlier to the later one. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: "requires" | "wants" | "after";
}

/** Every pair that is ordered, once, by the strongest link between the two; only among these services. */
export function edgesOf(services: readonly GraphNode[]): readonly Edge[] {
  const known = new Set(services.map(({ name }) => name));
  const edges = new Map<string, Edge>();
  function add(kind: Edge["kind"], from: string, to: string): void {
    const key = `${from}\n${to}`;
    if (known.has(from) && known.has(to) && !edges.has(key)) edges.set(key, { from, to, kind });
  }
  for (const { name, requires } of services) for (const earlier of requires) add("requires", earlier.name, name);
  for (const { name, wants } of services) for (const earlier of wants) add("wants", earlier, name);
  for (const { name, after, before } of services) {
    for (const earlier of after) add("after", earlier, name);
    for (const later of before) add("after", name, later);
  }
  return [...edges.values()];
}

/** Every pair that excludes each other, once; only among these services. */
export function conflictsOf(services: readonly GraphNode[]): readonly (readonly [string, string])[] {
  const known = new Set(services.map(({ name }) => name));
  const pairs = new Map<string, readonly [string, string]>();
  for (const { name, conflicts } of services) {
    for (const rival of conflicts) {
      const [first = name, second = rival] = [name, rival].toSorted();
      if (known.has(rival)) pairs.set(`${first}\n${second}`, [first, second]);
    }
  }
  return [...pairs.values()];
}

/** These, and everything that they have to wait for, however far; in the order of the list. */
export function withEarlier(names: Iterable<string>, services: readonly GraphNode[]): readonly GraphNode[] {
  const earlier = Map.groupBy(edgesOf(services), ({ to }) => to);
  const found = new Set(names);
  for (const name of found) for (const { from } of earlier.get(name) ?? []) found.add(from);
  return services.filter(({ name }) => found.has(name));
}

/** The services by steps, the first first, each step by name. */
export function levelsOf(services: readonly GraphNode[]): readonly (readonly GraphNode[])[] {
  const earlier = Map.groupBy(edgesOf(services), ({ to }) => to);
  const levels = new Map<string, number>();
  let left: readonly GraphNode[] = services;
  for (let level = 0; left.length > 0; level++) {
    const ready = left.filter(({ name }) => (earlier.get(name) ?? []).every(({ from }) => levels.has(from)));
    // There are no circles in what was loaded; if there is one all the same, it stands in the last step.
    const placed = ready.length === 0 ? left : ready;
    for (const { name } of placed) levels.set(name, level);
    left = left.filter(({ name }) => !levels.has(name));
  }
  const byLevel = Map.groupBy(services, ({ name }) => levels.get(name) ?? 0);
  return [...byLevel]
    .toSorted(([left], [right]) => left - right)
    .map(([, nodes]) => nodes.toSorted((left, right) => (left.name < right.name ? -1 : 1)));
}
