/* Who of daemonsup runs, and its ends. */
import { readFileSync } from "node:fs";
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
  const found = processesOf("daemonsup", "--config", place.config).filter((pid) => !hasEnded(pid));
  const all = found.filter((pid) => !isAboutToExecute(pid));
  const guardian = all.find((pid) => !all.includes(parentOf(pid))) ?? null;
  // Also someone who reads definitions for a supervisor without guardian: that is no supervisor, but may die as well.
  const supervisor = all.find((pid) => parentOf(pid) === guardian) ?? null;
  return { guardian, supervisor, all };
}

/** SIGKILL to those of them that still run in this place. Returns to whom it was sent. */
export function killAll(place: TestPlace, pids: readonly (number | null)[]): readonly number[] {
  const alive = new Set(processesOf("daemonsup", "--config", place.config));
  return pids.filter((pid) => pid !== null).filter((pid) => alive.has(pid) && signal(pid, "SIGKILL"));
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

/** A service's process is a copy of the supervisor until its exec: to kill it is to kill the service. */
function isAboutToExecute(pid: number): boolean {
  const environment = environmentOf(pid);
  return environment !== "" && environment === environmentOf(parentOf(pid));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

function parentOf(pid: number): number {
  try {
    return factsOf(pid).parent;
  } catch {
    return -1;
  }
}
