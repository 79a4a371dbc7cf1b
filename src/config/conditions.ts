import { type Stats, readdirSync, statSync } from "node:fs";
import type { ConditionPolicy } from "../core/life-policies.ts";
import { matchesPattern } from "../core/name-pattern.ts";

/** The first of the conditions that is not met, in words; null: all are. `host` is the name of this machine. */
export function unmetConditionOf(condition: ConditionPolicy, host: string): string | null {
  const missing = condition.pathExists.find((path) => lookAt(path) === null);
  if (missing !== undefined) return `"${missing}" does not exist`;
  const present = condition.pathMissing.find((path) => lookAt(path) !== null);
  if (present !== undefined) return `"${present}" exists`;
  const hollow = condition.fileNotEmpty.find((path) => !isFilled(path));
  if (hollow !== undefined) return `"${hollow}" is no file with anything in it`;
  const bare = condition.directoryNotEmpty.find((path) => !hasEntries(path));
  if (bare !== undefined) return `"${bare}" is no directory with anything in it`;
  const isHere = condition.host.length === 0 || condition.host.some((pattern) => matchesPattern(host, pattern));
  return isHere ? null : `this host is "${host}"`;
}

/** null if there is nothing at the path, or nothing that can be seen from here: a closed directory, links in a circle. */
function lookAt(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

function isFilled(path: string): boolean {
  const found = lookAt(path);
  return found !== null && found.isFile() && found.size > 0;
}

function hasEntries(path: string): boolean {
  try {
    return readdirSync(path).length > 0;
  } catch {
    return false;
  }
}
