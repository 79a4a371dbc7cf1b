import { findCycles, type Wait } from "../core/cycles.ts";
import { faultAt } from "./fault.ts";
import { placeOf } from "./link-cycles.ts";
import type { LinkedService } from "./linked-service.ts";
import type { Problem } from "./problem.ts";

interface Start extends Wait {
  readonly owner: LinkedService;
}

/** Services that start each other in a circle when they fail: if none of them can run, that goes on without end. */
export function failureCyclesOf(services: readonly LinkedService[]): Problem[] {
  const known = new Set(services.map(({ name }) => name));
  const starts = services.flatMap((owner): Start[] => {
    const { name, onFailure } = owner;
    // What there is not, and what starts itself, is told elsewhere.
    if (onFailure === null || onFailure === name || !known.has(onFailure)) return [];
    return [{ from: name, to: onFailure, isSoft: false, owner }];
  });
  return findCycles(starts).refused.flatMap((cycle) => {
    const [first] = cycle;
    if (first === undefined) return [];
    const steps = cycle.map((start) => `${start.from} (${placeOf(problemOf(start, ""))}) starts`);
    return [problemOf(first, `services start each other in a circle when they fail: ${steps.join(" ")} ${first.from}`)];
  });
}

function problemOf({ owner }: Start, reason: string): Problem {
  return owner.problemAt(faultAt(["hooks", "on_failure", "start"], reason), "use");
}
