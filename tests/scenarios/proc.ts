/* What is asked of processes that come and go while they are looked at. */
import { readFileSync, readdirSync } from "node:fs";
import type { SignalName } from "../../src/core/signal-names.ts";
import { environmentOf, factsOf, signalsOf, statusLineOf } from "./process-facts.ts";

/** null if the process is not there (any more). */
function ifThere<Answer>(look: () => Answer): Answer | null {
  try {
    return look();
  } catch {
    return null;
  }
}

export function ignores(pid: number, signal: SignalName): boolean {
  return ifThere(() => signalsOf(pid, "SigIgn").includes(signal)) ?? false;
}

export function catches(pid: number, signal: SignalName): boolean {
  return ifThere(() => signalsOf(pid, "SigCgt").includes(signal)) ?? false;
}

/** true if somebody has stopped it with a signal. */
export function isStopped(pid: number): boolean {
  return ifThere(() => statusLineOf(pid, "State").startsWith("T")) ?? false;
}

/** true if this is the name of the program that it executes. */
export function executes(pid: number, name: string): boolean {
  return ifThere(() => factsOf(pid).name === name) ?? false;
}

/** A variable of the environment that it was started with. */
export function variableOf(pid: number, name: string): string | null {
  return ifThere(() => environmentOf(pid).get(name) ?? null);
}

/** Pids of all processes that can be seen. */
export function allPids(): readonly number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** Pids of processes whose words begin with these. */
export function processesOf(...words: readonly string[]): readonly number[] {
  const beginning = `${words.join("\0")}\0`;
  return allPids().filter((pid) => ifThere(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(beginning)));
}
