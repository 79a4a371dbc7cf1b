/* Whose notifications count. The kernel tells who has sent a datagram, by number and user. */
import type { NotifyAccess } from "../core/life-policies.ts";
import type { ProcessRow } from "./ports.ts";
import { isEnded } from "./process-snapshot.ts";

export interface Sender {
  /** 0: it cannot be seen from here. */
  readonly pid: number;
  readonly uid: number;
}

/** gone: it has ended, so that it cannot be told any more what it belonged to, but it was of a user that may. */
export type Relation = "main" | "command" | "member" | "gone" | "stranger";

export interface SenderPorts {
  mainOf(service: string): number | null;
  /** true while this process is a hook, check or other command that runs for the service. */
  isCommandOf(service: string, pid: number): boolean;
  /** true if this live process is one of the service's. */
  isMember(service: string, pid: number): boolean;
  row(pid: number): ProcessRow | null;
  /** The user that the service is started as. */
  uidOf(service: string): number;
}

export function relationOf(service: string, { pid, uid }: Sender, ports: SenderPorts): Relation {
  if (pid <= 0) return "stranger";
  if (ports.mainOf(service) === pid) return "main";
  if (ports.isCommandOf(service, pid)) return "command";
  const row = ports.row(pid);
  const isThere = row !== null && !isEnded(row);
  if (isThere && (ports.isMember(service, pid) || isBelowCommand(service, row, ports))) return "member";
  const now = ports.row(pid);
  // Whoever ended while it was looked for was not found either.
  if (isThere && now !== null && !isEnded(now) && now.startTicks === row.startTicks) return "stranger";
  // A sender that says one thing and ends is often gone before it is heard. That it wrote to the socket of this very run,
  // as root or as the user of the service, is enough: such a process could do anything to the service as well.
  return uid === 0 || uid === ports.uidOf(service) ? "gone" : "stranger";
}

/** What a hook starts is no part of the run, but of the service. */
function isBelowCommand(service: string, row: ProcessRow, ports: SenderPorts): boolean {
  for (let [above, steps] = [ports.row(row.parent), 0]; above !== null && steps < MOST_STEPS_UP; steps++) {
    if (ports.isCommandOf(service, above.pid)) return true;
    above = above.parent > 1 ? ports.row(above.parent) : null;
  }
  return false;
}

const MOST_STEPS_UP = 64;

/** null: it may speak; otherwise why not. */
export function refusalOf(access: NotifyAccess, relation: Relation): string | null {
  switch (access) {
    case "none":
      return 'notify_access is "none"';
    case "main":
      return relation === "main" ? null : 'notify_access is "main", and it is not the main process';
    case "exec":
      return relation === "main" || relation === "command"
        ? null
        : 'notify_access is "exec", and it is no command of the service';
    case "all":
      return relation === "stranger" ? "it is no process of the service" : null;
  }
}
