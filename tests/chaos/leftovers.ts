/* What is left where nothing runs any more. */
import { type Dirent, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { TestPlace } from "../scenarios/test-supervisor.ts";

/** Pipes that are not in use are kept for the next runs: as many as there ever were at once. */
const POOL = "pipes/NUMBER";
const MOST_KEPT_PIPES = 160;

/** Guardian and supervisor fill those of the numbers below that are free when they begin: other ones each time. */
const FILLED = 64;
/** What they hold in reserve lies above where there was no room below. */
const HIGH_RESERVE = "descriptors of /dev/null";
const MOST_HIGH_RESERVE = 10;
/** One tells of changes of all files that services write themselves, from the first of them on. */
const WATCH = "descriptors of anon_inode:inotify";

/** Descriptors of these processes and files of the runtime directory, by kind, with how many there are. */
export function leftoversOf(place: TestPlace, pids: readonly number[]): ReadonlyMap<string, number> {
  const kinds = new Map<string, number>();
  const count = (kind: string): Map<string, number> => kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  for (const pid of pids) for (const kind of kindsOf(place, pid)) count(`descriptors of ${kind}`);
  for (const name of pathsBelow(place.runtime)) count(`files ${name.replace(/^pipes\/\d+$/, POOL)}`);
  kinds.set(HIGH_RESERVE, Math.max(MOST_HIGH_RESERVE, kinds.get(HIGH_RESERVE) ?? 0));
  kinds.set(WATCH, Math.max(1, kinds.get(WATCH) ?? 0));
  kinds.set(`files ${POOL}`, Math.max(MOST_KEPT_PIPES, kinds.get(`files ${POOL}`) ?? 0));
  return kinds;
}

/** What there is more of than before. */
export function moreThan(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): readonly string[] {
  return [...now]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
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
    .filter(({ fd, target }) => !target.startsWith(place.path("log")) && !(fd < FILLED && target === "/dev/null"))
    .map(({ target }) =>
      target
        .replace(/:\[\d+\]$/, "")
        .replace(/ \(deleted\)$/, "")
        .replaceAll(/^\/proc\/.*\d.*$/g, "/proc/N"),
    );
}

function pathsBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true }).map(String);
}

function targetsOf(pid: number): readonly { readonly fd: number; readonly target: string }[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => ({ fd: Number(fd), target: linkOf(`/proc/${pid}/fd/${fd}`) }));
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
