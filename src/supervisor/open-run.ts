/* A run that the history has no end of yet: its entry there, and what is written down of it for a successor. */
import type { OutputLine, RunEnd, RunEntry, RunUsage } from "../core/history.ts";
import { type PlainData, numberIn, textIn } from "../core/plain-data.ts";
import type { Instant, WallTime } from "../core/units.ts";

export interface OpenRun {
  readonly run: number;
  /** Of the predecessor that began it; null: this supervisor did. */
  readonly session: string | null;
  readonly pid: number;
  readonly began: WallTime;
  readonly beganAt: Instant;
  readonly because: string;
  readonly restarts: number;
  usage: RunUsage | null;
  /** null: they are not asked for. */
  lines: Promise<readonly OutputLine[] | null> | null;
}

const UNMERGED = { merged: 0, firstMerged: null } as const;

export function entryOf(service: string, open: OpenRun, end: RunEnd | null): RunEntry {
  const { run, session, pid, began, because, restarts } = open;
  return { tag: "run", run, session, service, pid, began, because, restarts, end, ...UNMERGED };
}

/** `session`: that of this supervisor. */
export function savedRunOf(open: OpenRun, end: RunEnd | null, session: string): PlainData {
  const { run, pid, began, beganAt, because, restarts } = open;
  const about = { run, session: open.session ?? session, pid, began, beganAt, because, restarts };
  return { ...about, end: end === null ? null : JSON.stringify(end) };
}

/** The latest run as it was written down, and its end if it has ended; null: there is none. */
export function readRun(data: PlainData | undefined): { readonly open: OpenRun; readonly end: RunEnd | null } | null {
  const [run, pid, restarts] = [numberIn(data, "run"), numberIn(data, "pid"), numberIn(data, "restarts")];
  const [began, beganAt] = [numberIn(data, "began"), numberIn(data, "beganAt")];
  const [session, because, end] = [textIn(data, "session"), textIn(data, "because"), textIn(data, "end")];
  if (run === null || pid === null || restarts === null || began === null || beganAt === null) return null;
  if (session === null || because === null) return null;
  const times = { began: began as WallTime, beganAt: beganAt as Instant };
  const open = { run, session, pid, ...times, because, restarts, usage: null, lines: null };
  return { open, end: end === null ? null : (JSON.parse(end) as RunEnd) };
}
