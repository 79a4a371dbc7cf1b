/* Who of daemonsup runs, and its ends. */
import { processesOf } from "../scenarios/proc.ts";
import { factsOf } from "../scenarios/process-facts.ts";
import { type TestPlace, hasEnded } from "../scenarios/test-supervisor.ts";

export interface Household {
  /** The one of the pid file; null: none runs. Without a guardian it is the supervisor. */
  readonly guardian: number | null;
  /** Below the guardian; null: there is none, or none now. */
  readonly supervisor: number | null;
  /** Both, and who reads definitions for them. */
  readonly all: readonly number[];
}

/** Processes of daemonsup that serve this place, launchers not counted. */
export function householdOf(place: TestPlace): Household {
  const all = processesOf("daemonsup", "--config", place.config).filter((pid) => !hasEnded(pid));
  const guardian = all.find((pid) => !all.includes(parentOf(pid))) ?? null;
  // Also someone who reads definitions for a supervisor without guardian: that is no supervisor, but may die as well.
  const supervisor = all.find((pid) => parentOf(pid) === guardian) ?? null;
  return { guardian, supervisor, all };
}

/** SIGKILL to those of them that still run in this place. Returns how many it was sent to. */
export function killAll(place: TestPlace, pids: readonly (number | null)[]): number {
  const alive = new Set(processesOf("daemonsup", "--config", place.config));
  return pids.filter((pid) => pid !== null && alive.has(pid) && signal(pid, "SIGKILL")).length;
}

/** false if it has ended meanwhile. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

function parentOf(pid: number): number {
  try {
    return factsOf(pid).parent;
  } catch {
    return -1;
  }
}
