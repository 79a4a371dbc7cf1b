/** One service waits for another: `from` is started after `to`. */
export interface Wait {
  readonly from: string;
  readonly to: string;
  /** true: may be given up where it is part of a cycle. */
  readonly isSoft: boolean;
}

export interface CyclesFound<Edge extends Wait> {
  /** Cycles that cannot be broken, one for each knot, as short as there is one; each begins at its first name. */
  readonly refused: readonly (readonly Edge[])[];
  /** What is given up, and the cycle that each of them closed; without these the rest has no cycle. */
  readonly broken: readonly { readonly edge: Edge; readonly cycle: readonly Edge[] }[];
}

/** More cycles than these are not broken but refused: somebody has to look at them. */
const MAX_BROKEN = 64;

/** A shortest cycle is looked for from so many names of a knot; from each of a knot there is one. */
const MAX_STARTS = 256;

/**
 * Finds the cycles of who waits for whom. A cycle of hard edges alone is refused. If there is none, the others are broken,
 * one soft edge at a time: of a shortest cycle, begun at its first name, the last soft edge.
 */
export function findCycles<Edge extends Wait>(edges: readonly Edge[]): CyclesFound<Edge> {
  const hard = knotsOf(edges.filter((edge) => !edge.isSoft));
  if (hard.length > 0) return { refused: hard.map(shortestCycleOf), broken: [] };
  const broken: { edge: Edge; cycle: readonly Edge[] }[] = [];
  let knots = knotsOf(edges);
  while (knots.length > 0) {
    const cycles = knots.map(shortestCycleOf);
    if (broken.length + cycles.length > MAX_BROKEN) return { refused: cycles, broken: [] };
    const givenUp = new Set<Edge>();
    for (const cycle of cycles) {
      const edge = cycle.findLast(({ isSoft }) => isSoft);
      if (edge === undefined) throw new Error("internal error: a cycle of hard edges was not refused");
      broken.push({ edge, cycle });
      givenUp.add(edge);
    }
    knots = knotsOf(knots.flat().filter((edge) => !givenUp.has(edge)));
  }
  return { refused: [], broken };
}

/** The edges inside each strongly connected part that has a cycle, in the order of the parts' first names. */
function knotsOf<Edge extends Wait>(edges: readonly Edge[]): Edge[][] {
  const partOf = partsOf(outgoingOf(edges));
  const knots = new Map<number, Edge[]>();
  for (const edge of edges) {
    const part = partOf.get(edge.from);
    if (part === undefined || part !== partOf.get(edge.to)) continue;
    const known = knots.get(part);
    if (known === undefined) knots.set(part, [edge]);
    else known.push(edge);
  }
  return [...knots.values()].sort((left, right) => compare(firstNameOf(left), firstNameOf(right)));
}

function outgoingOf<Edge extends Wait>(edges: readonly Edge[]): Map<string, Edge[]> {
  const outgoing = new Map<string, Edge[]>();
  for (const edge of edges) {
    const known = outgoing.get(edge.from);
    if (known === undefined) outgoing.set(edge.from, [edge]);
    else known.push(edge);
  }
  return outgoing;
}

/** Where a walk through the graph stands: the name, and how many of its edges have been followed. */
interface Step {
  readonly name: string;
  followed: number;
}

/** The number of the strongly connected part of each name (Tarjan's algorithm, with a stack of its own). */
function partsOf(outgoing: ReadonlyMap<string, readonly Wait[]>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const lowest = new Map<string, number>();
  const parts = new Map<string, number>();
  const open: string[] = [];
  const lower = (name: string, to: number): void => void lowest.set(name, Math.min(lowest.get(name) ?? to, to));
  const enter = (name: string, steps: Step[]): void => {
    found.set(name, found.size);
    lower(name, found.size - 1);
    open.push(name);
    steps.push({ name, followed: 0 });
  };
  const leave = (name: string): void => {
    if (lowest.get(name) !== found.get(name)) return;
    const members = open.splice(open.lastIndexOf(name));
    for (const member of members) parts.set(member, found.get(name) ?? 0);
  };
  for (const root of outgoing.keys()) {
    const steps: Step[] = [];
    if (!found.has(root)) enter(root, steps);
    for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
      const next = outgoing.get(step.name)?.[step.followed++]?.to;
      if (next === undefined) {
        steps.pop();
        leave(step.name);
        const above = steps.at(-1);
        if (above !== undefined) lower(above.name, lowest.get(step.name) ?? 0);
      } else if (!found.has(next)) enter(next, steps);
      else if (!parts.has(next)) lower(step.name, found.get(next) ?? 0);
    }
  }
  return parts;
}

function shortestCycleOf<Edge extends Wait>(knot: readonly Edge[]): Edge[] {
  const outgoing = outgoingOf(knot);
  let best: Edge[] | null = null;
  for (const name of [...outgoing.keys()].sort(compare).slice(0, MAX_STARTS)) {
    best = wayBackTo(name, outgoing, best === null ? Number.POSITIVE_INFINITY : best.length) ?? best;
    if (best?.length === 1) break;
  }
  if (best === null) throw new Error("internal error: a knot without a cycle");
  return best;
}

/** The shortest way from a name back to it, if it takes fewer than `limit` edges. */
function wayBackTo<Edge extends Wait>(
  start: string,
  outgoing: ReadonlyMap<string, readonly Edge[]>,
  limit: number,
): Edge[] | null {
  const cameBy = new Map<string, Edge>();
  let front = [start];
  for (let length = 1; length < limit && front.length > 0; length++) {
    const next: string[] = [];
    for (const edge of front.flatMap((name) => outgoing.get(name) ?? [])) {
      if (cameBy.has(edge.to)) continue;
      cameBy.set(edge.to, edge);
      if (edge.to === start) return walkBack(start, cameBy);
      next.push(edge.to);
    }
    front = next;
  }
  return null;
}

function walkBack<Edge extends Wait>(start: string, cameBy: ReadonlyMap<string, Edge>): Edge[] {
  const way: Edge[] = [];
  let name = start;
  do {
    const edge = cameBy.get(name);
    if (edge === undefined) throw new Error("internal error: the way back is lost");
    way.unshift(edge);
    name = edge.from;
  } while (name !== start);
  return way;
}

function firstNameOf(knot: readonly Wait[]): string {
  return knot.reduce((first, { from }) => (from < first ? from : first), knot[0]?.from ?? "");
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
