import type { ProcessPort, ProcessRow } from "./ports.ts";
import { ProcessSnapshot } from "./process-snapshot.ts";

/** The process tree of one turn of the loop. */
export interface Look {
  readonly snapshot: ProcessSnapshot;
  /** The children of this process by the service that they belong to. */
  readonly roots: ReadonlyMap<string, readonly ProcessRow[]>;
}

/** Reads the table of processes; `serviceOf` tells to which service a child of this process belongs. */
export function takeLook(ports: ProcessPort, serviceOf: (child: ProcessRow) => string | null): Look {
  const snapshot = new ProcessSnapshot(ports.table());
  const roots = new Map<string, ProcessRow[]>();
  for (const child of snapshot.childrenOf(ports.ownPid)) {
    const service = serviceOf(child);
    if (service !== null) roots.set(service, [...(roots.get(service) ?? []), child]);
  }
  return { snapshot, roots };
}
