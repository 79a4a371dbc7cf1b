import { readdirSync, statSync } from "node:fs";
import type { ConditionPolicy } from "../core/life-policies.ts";
import { matchesPattern } from "../core/name-pattern.ts";

/** The first of the conditions that is not met, in words; null: all are. `host` is the name of this machine. */
export function unmetConditionOf(condition: ConditionPolicy, host: string): string | null {
  const missing = condition.pathExists.find((path) => sizeOf(path) === null);
  if (missing !== undefined) return `"${missing}" does not exist`;
  const present = condition.pathMissing.find((path) => sizeOf(path) !== null);
  if (present !== undefined) return `"${present}" exists`;
  const hollow = condition.fileNotEmpty.find((path) => (sizeOf(path) ?? 0) === 0);
  if (hollow !== undefined) return `"${hollow}" is empty or does not exist`;
  const bare = condition.directoryNotEmpty.find((path) => !hasEntries(path));
  if (bare !== undefined) return `"${bare}" is no directory with anything in it`;
  const isHere = condition.host.length === 0 || condition.host.some((pattern) => matchesPattern(host, pattern));
  return isHere ? null : `this host is "${host}"`;
}

/** In bytes; null if there is nothing at the path. */
function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

function hasEntries(path: string): boolean {
  try {
    return readdirSync(path).length > 0;
  } catch {
    return false;
  }
}
