import type { Fleet } from "../core/fleet.ts";
import { hasNoProcess } from "../core/service-state.ts";
import type { Goal } from "./requests.ts";

export interface Asked {
  readonly fleet: Fleet;
  /** All that the request is about: what becomes of these is told for itself. */
  readonly asked: ReadonlySet<string>;
}

const MOST_NAMES = 5;

/** What becomes of other services if this is done with one: `app, which requires it, was stopped first`; null: nothing. */
export function besideWordsOf(service: string, goal: Goal, { fleet, asked }: Asked): string | null {
  const others = (goal === "start" ? rivalsOf(service, fleet) : dependentsOf(service, fleet)).filter(
    (name) => !asked.has(name),
  );
  if (others.length === 0) return null;
  const more = others.length > MOST_NAMES ? ` and ${others.length - MOST_NAMES} more` : "";
  const names = `${others.slice(0, MOST_NAMES).join(", ")}${more}`;
  const [requires, conflicts, was] =
    others.length === 1 ? ["requires", "conflicts", "was"] : ["require", "conflict", "were"];
  switch (goal) {
    case "start":
      return `${names}, which ${conflicts} with it, ${was} stopped`;
    case "stop":
      return `${names}, which ${requires} it, ${was} stopped first`;
    case "restart":
      return `${names}, which ${requires} it, ${was} stopped first and ${others.length === 1 ? "starts" : "start"} again after it`;
  }
}

/** All that have to stop before it, those that require it last. */
function dependentsOf(service: string, fleet: Fleet): readonly string[] {
  const found = new Set([service]);
  for (const each of found) {
    for (const dependent of fleet.links.dependentsOf(each)) if (runs(dependent, fleet)) found.add(dependent);
  }
  found.delete(service);
  return [...found].toReversed();
}

/** All that have to make way for it, or for what it needs. */
function rivalsOf(service: string, fleet: Fleet): readonly string[] {
  const needed = fleet.links.closureOf([service]);
  const rivals = [...needed].flatMap((name) => [...fleet.links.conflictsOf(name)]);
  return [...new Set(rivals)].filter((name) => !needed.has(name) && runs(name, fleet)).sort();
}

function runs(service: string, fleet: Fleet): boolean {
  const record = fleet.get(service);
  return record !== null && !hasNoProcess(record.state) && record.state.tag !== "stuck";
}
