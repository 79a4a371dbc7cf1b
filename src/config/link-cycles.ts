import { findCycles, type Wait } from "../core/cycles.ts";
import type { Definition } from "../core/definition.ts";
import type { Path } from "./document.ts";
import { faultAt } from "./fault.ts";
import type { LinkedService } from "./linked-service.ts";
import type { Problem } from "./problem.ts";

/** One link between services, as the waiting that it means. */
interface Link extends Wait {
  readonly kind: "requires" | "wants" | "after" | "before";
  /** Whose definition names it: that of `from`, or with "before" that of `to`. */
  readonly owner: LinkedService;
  readonly path: Path;
}

export interface CyclesJudged {
  /** Cycles that cannot be broken. */
  readonly problems: readonly Problem[];
  /** Wishes that are ignored, as they would close a cycle. */
  readonly warnings: readonly Problem[];
  /** The definition without those of its wishes. */
  without(definition: Definition): Definition;
}

/** Finds services that wait for each other in a circle, and breaks the circles that a mere wish is part of. */
export function judgeCycles(services: readonly LinkedService[]): CyclesJudged {
  const linked = services.filter(hasLinks);
  if (linked.length === 0) return { problems: [], warnings: [], without: (definition) => definition };
  const known = new Set(services.map(({ name }) => name));
  // What there is not is told elsewhere.
  const links = linked.flatMap(linksOf).filter(({ from, to }) => known.has(from) && known.has(to));
  const { refused, broken } = findCycles(links);
  const ignored = new Set<string>();
  for (const { edge } of broken) ignored.add(`${edge.from} ${edge.to}`);
  return {
    problems: refused.map((cycle) => cycleProblemOf(cycle)),
    warnings: broken.map(({ edge, cycle }) => problemOf(edge, `it is ignored, as ${whyIgnored(cycle)}`)),
    without: (definition) =>
      ignored.size === 0 || definition.wants.length === 0
        ? definition
        : { ...definition, wants: definition.wants.filter((name) => !ignored.has(`${definition.name} ${name}`)) },
  };
}

function whyIgnored(cycle: readonly Link[]): string {
  if (cycle.length === 1) return ITSELF;
  return `it closes a circle of services that wait for each other: ${circleOf(cycle)}`;
}

function hasLinks({ links: { requires, wants, after, before } }: LinkedService): boolean {
  return requires.length + wants.length + after.length + before.length > 0;
}

function linksOf(owner: LinkedService): Link[] {
  const { name, links } = owner;
  const { requires, wants, after, before } = links;
  const waits = (kind: Link["kind"], names: readonly string[]): Link[] =>
    names.map((other, index) => {
      const [from, to] = kind === "before" ? [other, name] : [name, other];
      return { from, to, isSoft: kind === "wants", kind, owner, path: [kind, index] };
    });
  return [
    ...waits(
      "requires",
      requires.map((requirement) => requirement.name),
    ),
    ...waits("wants", wants),
    ...waits("after", after),
    ...waits("before", before),
  ];
}

function cycleProblemOf(cycle: readonly Link[]): Problem {
  const [first] = cycle;
  if (first === undefined) throw new Error("internal error: a cycle of nothing");
  const [words, circle] = ["services wait for each other in a circle", circleOf(cycle)];
  return problemOf(first, cycle.length === 1 ? ITSELF : `${words}: ${circle}`);
}

const ITSELF = "it is this service itself";

function problemOf({ owner, path }: Link, reason: string): Problem {
  return owner.problemAt(faultAt(path, reason), "use");
}

/** "a (a.toml:3) requires b (b.toml:4) requires a": whoever waits, where that is written, and for whom. */
function circleOf(cycle: readonly Link[]): string {
  const steps = cycle.map((link) => {
    const place = placeOf(problemOf(link, ""));
    return link.kind === "before"
      ? `${link.from} (waits, as "before" in ${place} says, for)`
      : `${link.from} (${place}) ${VERBS[link.kind]}`;
  });
  return [...steps, cycle[0]?.from ?? ""].join(" ");
}

/** "a.toml:3" */
export function placeOf({ file, line }: Problem): string {
  return `${file.slice(file.lastIndexOf("/") + 1)}:${line}`;
}

const VERBS = { requires: "requires", wants: "wants", after: "comes after" } as const;
