import type { HistoryEntry, RunEntry } from "./history.ts";

/** How far the clock of the kernel's messages may be off, in milliseconds. */
const TOLERANCE = 5_000;

/** true: it was killed, and nobody here knows by whom. */
export function mayBeOomKill(entry: HistoryEntry): entry is RunEntry & { readonly end: NonNullable<RunEntry["end"]> } {
  if (entry.tag !== "run" || entry.end?.cause !== "crash") return false;
  return entry.end.exit.tag === "signal" && entry.end.exit.signal === "SIGKILL";
}

/** The entry as it is if the kernel has killed that process for want of memory; `kills`: whom it killed, by number, and when. */
export function withOomCause(entry: HistoryEntry, kills: ReadonlyMap<number, number>): HistoryEntry {
  if (!mayBeOomKill(entry)) return entry;
  const at = kills.get(entry.pid);
  const { began, end } = entry;
  if (at === undefined || at < began - TOLERANCE || at > end.at + TOLERANCE) return entry;
  return { ...entry, end: { ...end, cause: "oom", because: "the kernel had no memory left for it" } };
}
