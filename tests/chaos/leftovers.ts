/* What is left where nothing runs any more. */
import { type Dirent, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { TestPlace } from "../scenarios/test-supervisor.ts";

/** Pipes that are not in use are kept for the next runs: as many as there ever were at once. */
const POOL = "pipes/NUMBER";
const MOST_KEPT_PIPES = 120;

/** Descriptors of these processes and files of the runtime directory, by kind, with how many there are. */
export function leftoversOf(place: TestPlace, pids: readonly number[]): ReadonlyMap<string, number> {
  const kinds = new Map<string, number>();
  const count = (kind: string): Map<string, number> => kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  for (const pid of pids) for (const kind of kindsOf(place, pid)) count(`descriptors of ${kind}`);
  for (const name of pathsBelow(place.runtime)) count(`files ${name.replace(/^pipes\/\d+$/, POOL)}`);
  kinds.set(`files ${POOL}`, Math.max(MOST_KEPT_PIPES, kinds.get(`files ${POOL}`) ?? 0));
  return kinds;
}

/** A guardian fills the low numbers that are free when it begins: one that takes another's place finds one more of them. */
const FILLERS = "descriptors of /dev/null";

/** What there is more of than before. */
export function moreThan(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): readonly string[] {
  return [...now]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0) + (kind === FILLERS ? 1 : 0))
    .map(([kind, count]) => `${kind}: there are ${count}, there were ${before.get(kind) ?? 0}`);
}

/** Sockets that nobody needs once all have ended. */
export function filesLeftIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry: Dirent) => entry.isSocket())
    .map((entry) => `${join(entry.parentPath, entry.name)} is left`);
}

/** A log is left out: it stays open for as long as its service is defined. */
function kindsOf(place: TestPlace, pid: number): readonly string[] {
  return targetsOf(pid)
    .filter((target) => !target.startsWith(place.path("log")))
    .map((target) =>
      target
        .replace(/:\[\d+\]$/, "")
        .replace(/ \(deleted\)$/, "")
        .replaceAll(/^\/proc\/.*\d.*$/g, "/proc/N"),
    );
}

function pathsBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true }).map(String);
}

function targetsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "(closed)";
  }
}
