/*
 * What a dead predecessor left running. It is found by what the predecessor wrote down (a main process by pid and start
 * time) and by the INVOCATION_ID in the environment of whatever else came out of its services. It is never started
 * beside: it is stopped properly first, and the log says so.
 */
import type { ProcessRow } from "./ports.ts";
import { ProcessSnapshot, isEnded } from "./process-snapshot.ts";

/** What was written down of a service. */
export interface Remembered {
  readonly service: string;
  readonly want: "up" | "down" | null;
  /** The INVOCATION_ID of the last run, 32 hexadecimal digits; null if it never ran. */
  readonly invocation: string | null;
  /** The main process if one was known; whether it lives is to be seen. */
  readonly main: { readonly pid: number; readonly startTicks: number } | null;
}

export interface Leftover {
  readonly service: string;
  readonly invocation: string;
  /** null if only others than the main process are left. */
  readonly main: number | null;
  readonly rows: readonly ProcessRow[];
}

export interface SearchPorts {
  table(): readonly ProcessRow[];
  environment(pid: number): ReadonlyMap<string, string> | null;
  readonly ownPid: number;
}

export function findLeftovers(remembered: readonly Remembered[], ports: SearchPorts): readonly Leftover[] {
  const known = remembered.filter((memory) => memory.invocation !== null);
  if (known.length === 0) return [];
  const rows = ports.table().filter((row) => row.pid !== ports.ownPid && !isEnded(row));
  const snapshot = new ProcessSnapshot(rows);
  const byInvocation = groupByInvocation(rows, new Set(known.map((memory) => memory.invocation ?? "")), ports);
  return known.flatMap((memory) => leftoverOf(memory, snapshot, { rows, byInvocation }));
}

interface Evidence {
  readonly rows: readonly ProcessRow[];
  readonly byInvocation: ReadonlyMap<string, readonly ProcessRow[]>;
}

function leftoverOf(memory: Remembered, snapshot: ProcessSnapshot, evidence: Evidence): readonly Leftover[] {
  const { service, invocation } = memory;
  if (invocation === null) return [];
  const candidate = memory.main === null ? undefined : snapshot.get(memory.main.pid);
  const main = candidate !== undefined && candidate.startTicks === memory.main?.startTicks ? candidate : null;
  // With its leader alive, the number of a session is certainly still the service's.
  const inSession =
    main === null ? [] : evidence.rows.filter((row) => row.session === main.pid || row.group === main.pid);
  const marked = evidence.byInvocation.get(invocation) ?? [];
  const seeds = [...(main === null ? [] : [main]), ...inSession, ...marked.filter(isOwn)];
  // Every session of a service was made by a process of it. If the leader lives and is none, somebody has just copied the
  // environment.
  function isOwn({ session }: ProcessRow): boolean {
    const leader = snapshot.get(session);
    return leader === undefined || leader === main || marked.includes(leader);
  }
  const rows = snapshot.closure(seeds);
  return rows.length === 0 ? [] : [{ service, invocation, main: main?.pid ?? null, rows }];
}

function groupByInvocation(
  rows: readonly ProcessRow[],
  wanted: ReadonlySet<string>,
  ports: SearchPorts,
): ReadonlyMap<string, readonly ProcessRow[]> {
  const groups = new Map<string, ProcessRow[]>();
  for (const row of rows) {
    const environment = ports.environment(row.pid);
    const invocation = environment?.get("INVOCATION_ID") ?? "";
    if (!wanted.has(invocation) || environment?.has("DAEMONSUP_SERVICE") !== true) continue;
    const group = groups.get(invocation);
    if (group === undefined) groups.set(invocation, [row]);
    else group.push(row);
  }
  return groups;
}
