import { type CommandKind, type CommandNote, KIND_VARIABLE } from "./command-notes.ts";
import type { ProcessPort, ProcessRow } from "./ports.ts";
import { isEnded } from "./process-snapshot.ts";

/** What is known of a command that a predecessor has begun. */
export interface NotedIdentity {
  readonly service: string;
  readonly kind: CommandKind;
  readonly note: CommandNote;
}

/**
 * The process of a command, which lives or has ended and is told of; null if there is none. Should the predecessor have died
 * between making the process and writing it down, it is a child that says of itself what it is.
 */
export function findCommand(
  wanted: NotedIdentity,
  processes: Pick<ProcessPort, "row" | "strangers" | "environment" | "parents">,
): ProcessRow | null {
  const { pid, startTicks } = wanted.note;
  const pids = pid === null ? processes.strangers() : [pid];
  for (const row of pids.map((each) => processes.row(each))) {
    if (row === null) continue;
    const isOne = pid === null ? isMarked(row, wanted, processes) : row.startTicks === startTicks;
    // One that somebody else reaps, if nobody has yet, tells nothing any more.
    if (isOne && (processes.parents.includes(row.parent) || !isEnded(row))) return row;
  }
  return null;
}

function isMarked(
  { pid, session }: ProcessRow,
  { service, kind, note }: NotedIdentity,
  processes: Pick<ProcessPort, "environment">,
): boolean {
  // What a command has started has its environment too, but did not begin as a session of its own.
  if (session !== pid) return false;
  const variables = processes.environment(pid);
  return (
    variables?.get("DAEMONSUP_SERVICE") === service &&
    variables.get("INVOCATION_ID") === note.invocation &&
    variables.get(KIND_VARIABLE) === kind
  );
}
