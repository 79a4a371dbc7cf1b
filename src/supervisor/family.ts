/*
 * A look at one service without reading about every process of the machine: from the children of this process that belong
 * to it, downwards along the kernel's lists of children.
 *
 * While that goes on, processes end, and their children are handed upwards: to this process, or to a subreaper within the
 * service, which may have been looked at already. So the orphans are looked at last, and whatever shows that something has
 * moved makes it begin anew. What is found is never more than the table of processes would show, and it is less only
 * where that would miss it as well: a process that is forked behind the look.
 */
import type { Look } from "./look.ts";
import type { ProcessPort, ProcessRow } from "./ports.ts";
import { ProcessSnapshot, isEnded } from "./process-snapshot.ts";

/** One service, seen from this process. */
export interface Family {
  readonly processes: Pick<ProcessPort, "ownPid" | "parents" | "row" | "childrenOf">;
  /** Our children that are known to belong to the service; null: one of them cannot be seen. */
  roots(): readonly ProcessRow[] | null;
  /** Takes note of orphans that are new. */
  meetOrphans(): void;
}

/** What hangs below the roots, they included. */
interface Tree {
  readonly rows: readonly ProcessRow[];
  /** Those that have ended, the roots aside: each as pid and start time. */
  readonly ended: ReadonlySet<string>;
}

/** Where something moves all the time, one look at everything is the better one. */
const MOST_ROUNDS = 4;
/** About as many as can be followed in the time that the table of a busy machine takes. */
const MOST_FOLLOWED = 256;

/** null if it cannot be told in this way. */
export function lookAtFamily(service: string, family: Family): Look | null {
  let endedBefore: ReadonlySet<string> = new Set();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const [self, roots] = [family.processes.row(family.processes.ownPid), family.roots()];
    if (self === null || roots === null) return null;
    const tree = followDown(roots, family.processes);
    if (tree === "many") return null;
    if (tree === "moved") continue;
    // What a process leaves that ends during a look may go where it has been looked already; before it, it may not.
    const isSettled = tree.ended.isSubsetOf(endedBefore);
    endedBefore = tree.ended;
    family.meetOrphans();
    if (!isSettled || !isSame(roots, family.roots())) continue;
    return { snapshot: new ProcessSnapshot([self, ...tree.rows]), roots: new Map([[service, roots]]) };
  }
  return null;
}

/** many: that is not to be followed. moved: something has ended or gone elsewhere meanwhile. */
function followDown(roots: readonly ProcessRow[], processes: Family["processes"]): Tree | "moved" | "many" {
  const found = new Map(roots.map((row) => [row.pid, row]));
  const ended = new Set<string>();
  for (const row of found.values()) {
    if (found.size > MOST_FOLLOWED) return "many";
    if (isEnded(row) && !processes.parents.includes(row.parent)) ended.add(`${row.pid} ${row.startTicks}`);
    const children = childrenOf(row, processes);
    if (children === null) return "moved";
    for (const child of children) found.set(child.pid, child);
    // Its number may have been given to another process meanwhile, and the children be that one's.
    const after = processes.row(row.pid);
    if (after?.startTicks !== row.startTicks || isEnded(after) !== isEnded(row)) return "moved";
  }
  return { rows: [...found.values()], ended };
}

function childrenOf(parent: ProcessRow, processes: Family["processes"]): readonly ProcessRow[] | null {
  const rows: ProcessRow[] = [];
  for (const pid of new Set(processes.childrenOf(parent.pid) ?? [-1])) {
    const row = processes.row(pid);
    if (row?.parent !== parent.pid) return null;
    rows.push(row);
  }
  return rows;
}

function isSame(rows: readonly ProcessRow[], others: readonly ProcessRow[] | null): boolean {
  return others?.length === rows.length && others.every((other, index) => other.pid === rows[index]?.pid);
}
