import type { Database, Statement } from "bun:sqlite";
import {
  type EventEntry,
  type HistoryEntry,
  type HistoryPolicy,
  type RunEnd,
  type RunEntry,
  reportTextOf,
} from "../core/history.ts";
import { type RunLikeness, mergeRuns, repeatsEvent, repeatsRun } from "../core/history-merge.ts";
import { usedBytesOf } from "./history-file.ts";

/** A run as it was written down. */
interface RunRow {
  readonly id: number;
  readonly run: number;
  readonly session: string;
  readonly service: string;
  readonly number: number;
  readonly merged: number;
  readonly restarts: number;
  readonly ended: number | null;
  readonly cause: RunEnd["cause"] | null;
  readonly reason: string | null;
  readonly report: string | null;
}

const RUN_COLUMNS = "id, run, session, service, number, merged, restarts, ended, cause, reason, report";

/** What is written at once, so that there is room for it before what is too much is removed. */
const MOST_ENTRIES = 500;
const MOST_TEXT = 256 * 1024;

/** Whose history it is. */
export interface HistoryOwner {
  readonly session: string;
  /** Runs of supervisors before it. */
  readonly goOn: readonly { readonly session: string; readonly run: number }[];
}

/** Writes entries down, for one supervisor. Everything throws what SQLite says. */
export class HistoryStore {
  readonly #db: Database;
  readonly #session: string;
  readonly #statements = new Map<string, Statement<unknown, (string | number | null)[]>>();

  /**
   * `at`: now, in milliseconds since 1970. Runs of earlier supervisors that never ended count as lost from now on, but for those
   * that go on.
   */
  constructor(db: Database, owner: HistoryOwner, at: number) {
    const { session, goOn } = owner;
    this.#db = db;
    this.#session = session;
    const going = JSON.stringify(goOn.map((one) => `${one.session} ${one.run}`));
    this.#run(
      `UPDATE runs SET ended = ?, cause = 'lost', reason = ? WHERE ended IS NULL AND session <> ?
         AND session || ' ' || run NOT IN (SELECT value FROM json_each(?))`,
      [at, "its supervisor ended before it", session, going],
    );
  }

  /**
   * Writes them, and removes what there is too much of; if it throws, some may be written, and all may be given once more.
   * `now`: milliseconds since 1970.
   */
  store(entries: readonly HistoryEntry[], policy: HistoryPolicy, now: number): void {
    for (const part of partsOf(entries)) {
      this.#db.transaction(() => {
        for (const entry of part) {
          if (entry.tag === "run") this.#storeRun(entry);
          else this.#storeEvent(entry);
        }
        this.#prune(new Set(part.map(({ service }) => service)), policy, now);
      })();
    }
  }

  /** To be called before the database is closed. */
  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
  }

  #storeRun(entry: RunEntry): void {
    const known = this.#one<RunRow>(`SELECT ${RUN_COLUMNS} FROM runs WHERE session = ? AND run = ?`, [
      this.#sessionOf(entry),
      entry.run,
    ]);
    if (known === null ? this.#isPast(entry) : known.ended !== null || entry.end === null) return;
    const number = known?.number ?? this.#nextNumber(entry);
    const last = this.#mergeIntoEarlier(entry, number);
    if (known !== null) this.#run("DELETE FROM runs WHERE id = ?", [known.id]);
    this.#insertRun(last, number);
  }

  /** true: a later run of the service is written down, so this one was, and has been merged since. */
  #isPast(entry: RunEntry): boolean {
    const { service, run } = entry;
    const newest = this.#one<{ readonly session: string; readonly run: number }>(
      "SELECT session, run FROM runs WHERE service = ? ORDER BY number DESC LIMIT 1",
      [service],
    );
    return newest !== null && newest.session === this.#sessionOf(entry) && newest.run > run;
  }

  /** Of runs that were merged before they were written down, the beginnings may be there: they are gone with this. */
  #nextNumber({ service, run, merged, firstMerged }: RunEntry): number {
    const newest = this.#one<{ readonly number: number | null }>(
      "SELECT max(number) AS number FROM runs WHERE service = ?",
      [service],
    );
    const open = this.#all<{ readonly id: number }>(
      "DELETE FROM runs WHERE service = ? AND session = ? AND run >= ? AND run < ? AND ended IS NULL RETURNING id",
      [service, this.#session, firstMerged ?? run, run],
    );
    return (newest?.number ?? 0) + 1 + Math.max(0, merged - open.length);
  }

  /** The entry with what it takes over of the run before it, if that one and the one before that ended the same way. */
  #mergeIntoEarlier(entry: RunEntry, number: number): RunEntry {
    if (entry.end === null) return entry;
    const [middle, first] = this.#all<RunRow>(
      `SELECT ${RUN_COLUMNS} FROM runs WHERE service = ? AND number < ? ORDER BY number DESC LIMIT 2`,
      [entry.service, number],
    );
    if (middle === undefined || first === undefined) return entry;
    const likeness = likenessOf(middle);
    if (!repeatsRun(likenessOf(first), likeness) || !repeatsRun(likeness, entry)) return entry;
    this.#run("DELETE FROM runs WHERE id = ?", [middle.id]);
    const report = middle.report === null ? null : (JSON.parse(middle.report) as RunEnd["report"]);
    return mergeRuns({ ...middle, firstMerged: null, end: { ...entry.end, report } }, entry);
  }

  #insertRun(entry: RunEntry, number: number): void {
    const { run, service, merged, pid, restarts, began, because, end } = entry;
    const detail = end === null ? null : { exit: end.exit, because: end.because, usage: end.usage };
    this.#run(
      `INSERT INTO runs (session, run, service, number, merged, pid, restarts, began, because, ended, ran, cause, reason,
         detail, report) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        ...[this.#sessionOf(entry), run, service, number, merged, pid, restarts, Math.round(began), because],
        ...(end === null
          ? [null, null, null, null, null, null]
          : [
              Math.round(end.at),
              Math.round(end.ran),
              end.cause,
              end.reason,
              JSON.stringify(detail),
              jsonOf(end.report),
            ]),
      ],
    );
  }

  #sessionOf({ session }: RunEntry): string {
    return session ?? this.#session;
  }

  #storeEvent(entry: EventEntry): void {
    const { number, service, event, message, merged } = entry;
    const at = Math.round(entry.at);
    const known = this.#one("SELECT id FROM events WHERE session = ? AND number = ?", [this.#session, number]);
    if (known !== null) return;
    const last = this.#one<EventEntry & { readonly id: number; readonly session: string }>(
      `SELECT id, session, number, service, event, message, merged FROM events WHERE service IS ?
         ORDER BY at DESC, id DESC LIMIT 1`,
      [service],
    );
    // Written before, and merged since.
    if (last !== null && last.session === this.#session && last.number > number) return;
    // Numbered anew, so that it is known should it come a second time.
    if (last !== null && repeatsEvent(last, entry)) {
      const more = last.merged + merged + 1;
      return this.#run("UPDATE events SET session = ?, number = ?, at = ?, merged = ? WHERE id = ?", [
        ...[this.#session, number, at, more, last.id],
      ]);
    }
    this.#run(
      "INSERT INTO events (session, number, at, service, event, message, merged) VALUES (?, ?, ?, ?, ?, ?, ?)",
      [this.#session, number, at, service, event, message, merged],
    );
  }

  #prune(services: ReadonlySet<string | null>, policy: HistoryPolicy, now: number): void {
    for (const service of services) this.#pruneService(service, policy.keep);
    const oldest = now - policy.keepAge;
    this.#run("DELETE FROM runs WHERE ended < ?", [oldest]);
    this.#run("DELETE FROM events WHERE at < ?", [oldest]);
    while (usedBytesOf(this.#db) > policy.keepSize && this.#makeRoom()) continue;
  }

  #pruneService(service: string | null, keep: number): void {
    if (service !== null)
      this.#run(
        `DELETE FROM runs WHERE service = ?1 AND ended IS NOT NULL AND number <= coalesce(
           (SELECT number FROM runs WHERE service = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2), 0)`,
        [service, keep],
      );
    this.#run(
      `DELETE FROM events WHERE id IN (SELECT id FROM events WHERE service IS ?1 ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?2)`,
      [service, keep],
    );
  }

  /** Removes a tenth, the oldest; false if there is nothing to be removed. */
  #makeRoom(): boolean {
    const runs = this.#prepared(
      `DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE ended IS NOT NULL ORDER BY ended
         LIMIT (SELECT count(*) / 10 + 1 FROM runs))`,
    ).run();
    const events = this.#prepared(
      "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY at LIMIT (SELECT count(*) / 10 + 1 FROM events))",
    ).run();
    return runs.changes + events.changes > 0;
  }

  #run(sql: string, values: (string | number | null)[]): void {
    this.#prepared(sql).run(...values);
  }

  #one<Row>(sql: string, values: (string | number | null)[]): Row | null {
    return this.#prepared(sql).get(...values) as Row | null;
  }

  #all<Row>(sql: string, values: (string | number | null)[]): readonly Row[] {
    return this.#prepared(sql).all(...values) as readonly Row[];
  }

  #prepared(sql: string): Statement<unknown, (string | number | null)[]> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare<unknown, (string | number | null)[]>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function* partsOf(entries: readonly HistoryEntry[]): Generator<readonly HistoryEntry[]> {
  let part: HistoryEntry[] = [];
  let text = 0;
  for (const entry of entries) {
    part.push(entry);
    text += reportTextOf(entry);
    if (part.length < MOST_ENTRIES && text < MOST_TEXT) continue;
    yield part;
    [part, text] = [[], 0];
  }
  if (part.length > 0) yield part;
}

function likenessOf({ service, restarts, cause, reason }: RunRow): RunLikeness {
  return { service, restarts, end: cause === null || reason === null ? null : { cause, reason } };
}

function jsonOf(report: RunEnd["report"]): string | null {
  return report === null ? null : JSON.stringify(report);
}
