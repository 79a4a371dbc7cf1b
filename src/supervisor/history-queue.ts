import { type HistoryEntry, type RunEntry, reportTextOf } from "../core/history.ts";
import { mergeRuns, repeatsRun } from "../core/history-merge.ts";

/** Entries that wait to be written, and characters of output in them. */
export const MOST_WAITING = 4096;
export const MOST_WAITING_TEXT = 8 * 1024 * 1024;

/**
 * Entries of the history that wait to be written. A run that ends takes the place of its beginning; of runs that end the same
 * way one after the other the first and the last wait, so a service that crashes all the time takes no more room than three.
 * What there is no room for is counted.
 */
export class HistoryQueue {
  /** In order, each under a name of its own. */
  #waiting = new Map<string, HistoryEntry>();
  /** The last two runs of each service that have ended, by those names, if they wait. */
  readonly #lastRuns = new Map<string, readonly [string | null, string]>();
  #text = 0;
  #lost = 0;

  get size(): number {
    return this.#waiting.size;
  }

  add(entry: HistoryEntry): void {
    const bounded = this.#withRoom(entry);
    const key = keyOf(bounded);
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(key)) {
      this.#lost++;
      return;
    }
    this.#put(key, bounded.tag === "run" && bounded.end !== null ? this.#merge(bounded) : bounded);
  }

  /** Takes the oldest out, in order, at most so many. */
  take(most: number): readonly HistoryEntry[] {
    const entries: HistoryEntry[] = [];
    for (const [key, entry] of this.#waiting) {
      if (entries.length === most) break;
      entries.push(entry);
      this.#drop(key);
    }
    if (this.#waiting.size === 0) this.#lastRuns.clear();
    return entries;
  }

  /** Puts back what could not be written, before all that has come since; the newest find no room if it is too much. */
  putBack(entries: readonly HistoryEntry[]): void {
    const since = this.take(Number.POSITIVE_INFINITY);
    for (const entry of [...entries, ...since]) this.add(entry);
  }

  /** How many entries were lost since the last call. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  #merge(entry: RunEntry): RunEntry {
    // One of a predecessor's has a number of another series.
    if (entry.session !== null) return entry;
    const [first, middle] = this.#lastRuns.get(entry.service) ?? [null, null];
    const [earlier, later] = [this.#runAt(first), this.#runAt(middle)];
    const key = keyOf(entry);
    if (
      middle === null ||
      earlier === null ||
      later === null ||
      !repeatsRun(earlier, later) ||
      !repeatsRun(later, entry)
    ) {
      this.#lastRuns.set(entry.service, [middle, key]);
      return entry;
    }
    this.#drop(middle);
    this.#lastRuns.set(entry.service, [first, key]);
    return mergeRuns(later, entry);
  }

  #runAt(key: string | null): RunEntry | null {
    const entry = key === null ? undefined : this.#waiting.get(key);
    return entry?.tag === "run" ? entry : null;
  }

  #put(key: string, entry: HistoryEntry): void {
    this.#text += textOf(entry) - textOf(this.#waiting.get(key));
    this.#waiting.set(key, entry);
  }

  #drop(key: string): void {
    this.#text -= textOf(this.#waiting.get(key));
    this.#waiting.delete(key);
  }

  /** Where there is no room for what a run has said, the rest of its report is kept. */
  #withRoom(entry: HistoryEntry): HistoryEntry {
    if (entry.tag !== "run" || entry.end?.report == null || this.#text + textOf(entry) <= MOST_WAITING_TEXT)
      return entry;
    return { ...entry, end: { ...entry.end, report: { ...entry.end.report, lines: null } } };
  }
}

function keyOf(entry: HistoryEntry): string {
  return entry.tag === "run" ? `run ${entry.run} ${entry.session ?? ""}` : `event ${entry.number}`;
}

function textOf(entry: HistoryEntry | undefined): number {
  return entry === undefined ? 0 : reportTextOf(entry);
}
