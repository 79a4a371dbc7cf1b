import type { Path } from "./document.ts";
import { faultAt } from "./fault.ts";
import type { LinkedService } from "./linked-service.ts";
import { type Problem, quote } from "./problem.ts";

/** Where a service names another one that it requires or wants. */
interface Need {
  readonly name: string;
  readonly path: Path;
}

/** By service, those that require or want it. */
type Needing = ReadonlyMap<string, readonly string[]>;

/**
 * Services whose start brings in two that conflict, or one that conflicts with themselves: it would stop half-way. Of a chain,
 * the one is told with which that begins.
 */
export function neededRivalProblemsOf(services: readonly LinkedService[]): Problem[] {
  if (services.every(({ links }) => links.conflicts.length === 0)) return [];
  const byName = new Map(services.map((each) => [each.name, each]));
  const needing = needingOf(services);
  return services.flatMap((service) =>
    service.links.conflicts.flatMap((name) => {
      const rival = byName.get(name);
      if (rival === undefined || rival === service || rival.isCalled || service.isCalled) return [];
      // Of two that name each other, the first is told.
      if (rival.links.conflicts.includes(service.name) && rival.name < service.name) return [];
      return problemsOfPair([service, rival], byName, needing);
    }),
  );
}

function problemsOfPair(
  pair: readonly [LinkedService, LinkedService],
  byName: ReadonlyMap<string, LinkedService>,
  needing: Needing,
): Problem[] {
  const [first, second] = pair;
  const [ofFirst, ofSecond] = [bringersOf(first.name, needing), bringersOf(second.name, needing)];
  const ofBoth = [...ofFirst].filter((name) => ofSecond.has(name));
  return ofBoth.flatMap((name) => {
    const service = byName.get(name);
    if (service === undefined || needsOf(service).some((need) => ofFirst.has(need.name) && ofSecond.has(need.name)))
      return [];
    if (service === first) return ownProblemsOf(service, second, ofSecond);
    if (service === second) return ownProblemsOf(service, first, ofFirst);
    const need = needsOf(service).find((each) => ofSecond.has(each.name));
    const reason = `a start of it brings in ${quote(first.name)} and ${quote(second.name)}, which conflict`;
    return need === undefined ? [] : [service.problemAt(faultAt(need.path, reason), "use")];
  });
}

/** The service brings in its own rival. */
function ownProblemsOf(service: LinkedService, rival: LinkedService, bringers: ReadonlySet<string>): Problem[] {
  const need = needsOf(service).find(({ name }) => bringers.has(name));
  if (need === undefined) return [];
  const isDirect = need.name === rival.name;
  // Told with the keys of the one text that contradict each other.
  if (isDirect && service.links.conflicts.includes(rival.name)) return [];
  const way = isDirect ? quote(rival.name) : `${quote(need.name)} brings in ${quote(rival.name)}, which`;
  return [service.problemAt(faultAt(need.path, `${way} conflicts with it`), "use")];
}

function needsOf({ links }: LinkedService): readonly Need[] {
  return [
    ...links.requires.map(({ name }, index) => ({ name, path: ["requires", index] })),
    ...links.wants.map((name, index) => ({ name, path: ["wants", index] })),
  ];
}

function needingOf(services: readonly LinkedService[]): Needing {
  const found = new Map<string, string[]>();
  for (const service of services) {
    for (const { name } of needsOf(service)) {
      const those = found.get(name);
      if (those === undefined) found.set(name, [service.name]);
      else those.push(service.name);
    }
  }
  return found;
}

/** All whose start brings the service in, itself included. */
function bringersOf(service: string, needing: Needing): ReadonlySet<string> {
  const found = new Set([service]);
  for (const each of found) for (const other of needing.get(each) ?? []) found.add(other);
  return found;
}
