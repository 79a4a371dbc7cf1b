/*
 * What a dead predecessor left running. It is found by what the predecessor wrote down (a main process by pid and start
 * time) and by the INVOCATION_ID in the environment of whatever else came out of its services.
 */
import type { Exit } from "../core/exit.ts";
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
  /** true: the last main process that was spawned is gone, and its end was not noted. */
  readonly isMainGone: boolean;
  /** How the last main process ended; null: it is not known, or there may be one. */
  readonly exit: Exit | null;
}

export interface Leftover {
  readonly service: string;
  readonly invocation: string;
  /** null if only others than the main process are left. */
  readonly main: number | null;
  readonly rows: readonly ProcessRow[];
  /** Sessions that certainly are the run's own: whoever joins one of them later belongs to it as well. */
  readonly sessions: readonly number[];
}

export interface SearchPorts {
  table(): readonly ProcessRow[];
  environment(pid: number): ReadonlyMap<string, string> | null;
  readonly ownPid: number;
  readonly parents: readonly number[];
}

export function findLeftovers(remembered: readonly Remembered[], ports: SearchPorts): readonly Leftover[] {
  const known = remembered.filter((memory) => memory.invocation !== null);
  if (known.length === 0) return [];
  // A child that has ended and is not reaped will be told of.
  const alive = ports.table().filter((row) => !isEnded(row) || ports.parents.includes(row.parent));
  const snapshot = new ProcessSnapshot(alive.filter((row) => row.pid !== ports.ownPid));
  const mains = known.flatMap((memory) => mainOf(memory, snapshot) ?? []);
  // What hangs below a main process is its service's, whatever its environment says.
  const certain = new Set(snapshot.closure(mains));
  // Nothing of ours is in session 0: the kernel's own threads are, and whose leader is outside of this pid namespace.
  const doubtful = alive.filter((row) => row.pid !== ports.ownPid && row.session !== 0 && !certain.has(row));
  const byInvocation = groupByInvocation(doubtful, new Set(known.map((memory) => memory.invocation ?? "")), ports);
  const evidence = { snapshot, byInvocation, inSession: groupBySession(alive) };
  return known.flatMap((memory) => leftoverOf(memory, evidence));
}

/** The process that is written down, if it still is that one. */
function mainOf({ main }: Remembered, snapshot: ProcessSnapshot): ProcessRow | null {
  const candidate = main === null ? undefined : snapshot.get(main.pid);
  return candidate !== undefined && candidate.startTicks === main?.startTicks ? candidate : null;
}

interface Evidence {
  /** Whatever is alive, this process aside. */
  readonly snapshot: ProcessSnapshot;
  readonly byInvocation: ReadonlyMap<string, readonly ProcessRow[]>;
  /** Whatever is alive, this process as well. */
  readonly inSession: ReadonlyMap<number, readonly ProcessRow[]>;
}

function leftoverOf(memory: Remembered, evidence: Evidence): readonly Leftover[] {
  const { snapshot, byInvocation, inSession } = evidence;
  const { service, invocation } = memory;
  if (invocation === null) return [];
  const main = mainOf(memory, snapshot);
  // With its leader alive, the number of a session is certainly still the service's.
  const joined =
    main === null ? [] : (inSession.get(main.pid) ?? []).filter(({ pid }) => snapshot.get(pid) !== undefined);
  const marked = byInvocation.get(invocation) ?? [];
  // Every session of a service was made by a process of it. If the leader lives and is none, somebody has just copied the
  // environment; so it is in session 0, whose leader is outside of this pid namespace.
  const isOwn = ({ session }: ProcessRow): boolean => {
    const leader = snapshot.get(session);
    return session !== 0 && (leader === undefined || leader === main || marked.includes(leader));
  };
  const rows = snapshot.closure([...(main === null ? [] : [main]), ...joined, ...marked.filter(isOwn)]);
  if (rows.length === 0) return [];
  const found = new Set(rows);
  // One whose leader is gone may be anybody's, a terminal's for example, if a stranger is in it.
  const isCertain = (session: number): boolean => session !== 0 && isWithin(inSession.get(session) ?? [], found);
  const sessions = [...new Set(rows.map((row) => row.session))].filter(isCertain);
  return [{ service, invocation, main: main?.pid ?? null, rows, sessions }];
}

function isWithin(rows: readonly ProcessRow[], found: ReadonlySet<ProcessRow>): boolean {
  return rows.every((row) => found.has(row));
}

function groupBySession(rows: readonly ProcessRow[]): ReadonlyMap<number, readonly ProcessRow[]> {
  return Map.groupBy(rows, (row) => row.session);
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
