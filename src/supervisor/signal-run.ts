import type { ProcessPort, ProcessRow } from "./ports.ts";
import type { ProcessSnapshot } from "./process-snapshot.ts";
import { type Run, signalHeld } from "./run.ts";

/** What is known of the moment: the processes of the run beside its main one, and all of the machine. */
export interface Scene {
  readonly others: readonly ProcessRow[];
  readonly snapshot: ProcessSnapshot;
  readonly ports: ProcessPort;
}

/** Sends these signals, in this order, to everything of the run: to whole groups where that is safe, else one by one. */
export function signalRun(run: Run, signals: readonly number[], { others, snapshot, ports }: Scene): void {
  const { main } = run;
  const found = main === null ? undefined : snapshot.get(main.pid);
  // Left by a predecessor, its number may have been given to a stranger since.
  const mainRow = main?.startTicks == null || main.startTicks === found?.startTicks ? found : undefined;
  const ownGroup = snapshot.get(ports.ownPid)?.group;
  const groups = groupsHeld(run, mainRow === undefined ? others : [mainRow, ...others], {
    parents: ports.parents,
    ownGroup,
  });
  const alone = others.filter((row) => !groups.has(row.group)).flatMap((row) => run.others.get(row.pid) ?? []);
  const mainAlone = main !== null && (mainRow === undefined || !groups.has(mainRow.group)) ? [main] : [];
  for (const signal of signals) {
    for (const group of groups) ports.signalGroup(group, signal);
    for (const held of [...mainAlone, ...alone]) signalHeld(held, [signal], ports);
  }
  for (const row of others) {
    run.signalled.add(row.pid);
    // It may have left the group between the look and the signal; should it have done so after the signal, it gets two.
    const hasLeft = groups.has(row.group) && ports.row(row.pid)?.group !== row.group;
    if (hasLeft) signalOne(run, row, { signals, ports });
  }
}

/** Sends these signals to what of the run has not been sent any yet. */
export function signalLate(run: Run, signals: readonly number[], { others, ports }: Scene): void {
  for (const row of others) {
    if (!run.signalled.has(row.pid)) signalOne(run, row, { signals, ports });
    run.signalled.add(row.pid);
  }
}

function signalOne(
  run: Run,
  row: ProcessRow,
  { signals, ports }: { readonly signals: readonly number[]; readonly ports: ProcessPort },
): void {
  const held = run.others.get(row.pid);
  if (held !== undefined) signalHeld(held, signals, ports);
}

/**
 * The groups that are certainly the run's own at this moment. A number is: if it was claimed, and a process of the run holds
 * it; or if a child of this process holds it, for that keeps it also when it ends, until this process reaps it. A group
 * never reaches beyond its session, and every session here was made by the run. Only a child that has not made its own
 * yet is still in the group of this process.
 */
function groupsHeld(
  run: Run,
  rows: readonly ProcessRow[],
  self: { readonly parents: readonly number[]; readonly ownGroup: number | undefined },
): ReadonlySet<number> {
  const isOwn = ({ group, parent }: ProcessRow): boolean =>
    group > 1 && group !== self.ownGroup && (run.numbers.has(group) || self.parents.includes(parent));
  return new Set(rows.filter(isOwn).map((row) => row.group));
}

const MOST_ROUNDS = 20;

/** Does something to processes, again and again until it meets none that it has not met before. */
export function repeatUntilNobodyIsNew(act: () => readonly ProcessRow[], between: () => void): void {
  const seen = new Set<number>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = seen.size;
    for (const { pid } of act()) seen.add(pid);
    if (seen.size === before) return;
    between();
  }
}
