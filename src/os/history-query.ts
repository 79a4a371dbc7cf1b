import type { Database } from "bun:sqlite";
import type { HistoryEvent, RunEnd, RunReport } from "../core/history.ts";
import {
  type HistoryAnswer,
  type HistoryLineView,
  type HistoryQuestion,
  MOST_HISTORY_LINES,
  type ReportView,
  type RunView,
  exitViewOf,
} from "../core/history-view.ts";
import { matchesPattern } from "../core/name-pattern.ts";
import type { WallTime } from "../core/units.ts";
import { isoOf } from "../core/view.ts";

interface RunRow {
  readonly service: string;
  readonly number: number;
  readonly merged: number;
  readonly pid: number;
  readonly restarts: number;
  readonly began: number;
  readonly because: string;
  readonly ended: number | null;
  readonly ran: number | null;
  readonly cause: RunEnd["cause"] | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly hasReport: number;
}

interface EventRow {
  readonly at: number;
  readonly service: string | null;
  readonly event: HistoryEvent;
  readonly message: string;
  readonly merged: number;
}

const RUN_COLUMNS =
  "service, number, merged, pid, restarts, began, because, ended, ran, cause, reason, detail, report IS NOT NULL AS hasReport";

/** Answers a question out of the file. Throws what SQLite says. */
export function queryHistory(db: Database, question: HistoryQuestion): HistoryAnswer {
  switch (question.tag) {
    case "list":
      return listOf(db, question);
    case "runs": {
      const most = Math.min(question.most, MOST_HISTORY_LINES);
      const rows = select<RunRow>(
        db,
        `SELECT ${RUN_COLUMNS} FROM runs WHERE service = ? ORDER BY number DESC LIMIT ?`,
        [...[question.service, most]],
      );
      return { tag: "runs", runs: rows.map(runViewOf).toReversed() };
    }
    case "report":
      return reportOf(db, question);
  }
}

function listOf(db: Database, question: Extract<HistoryQuestion, { tag: "list" }>): HistoryAnswer {
  const { patterns, since } = question;
  const most = Math.min(question.most, MOST_HISTORY_LINES);
  const services = patterns.length === 0 ? [] : servicesIn(db);
  const wanted = services.filter((name) => patterns.some((pattern) => means(name, pattern)));
  const unknown = patterns.filter((pattern) => !services.some((name) => means(name, pattern)));
  const place = patterns.length === 0 ? "" : "AND service IN (SELECT value FROM json_each(?3))";
  const values = [since ?? 0, most, ...(patterns.length === 0 ? [] : [JSON.stringify(wanted)])];
  const runsBy = (time: "began" | "ended"): readonly RunRow[] =>
    select(
      db,
      `SELECT ${RUN_COLUMNS} FROM runs WHERE ${time} >= ?1 ${place} ORDER BY ${time} DESC, id DESC LIMIT ?2`,
      values,
    );
  const events = select<EventRow>(
    db,
    `SELECT at, service, event, message, merged FROM events WHERE at >= ?1 ${place} ORDER BY at DESC, id DESC LIMIT ?2`,
    values,
  );
  const lines = [
    ...runsBy("began").map(startLineOf),
    ...runsBy("ended").map(endLineOf),
    ...events.map((event) => eventLineOf(event)),
  ].sort(inTime);
  return {
    tag: "list",
    lines: most === 0 ? [] : lines.slice(-most),
    unknown,
    services: unknown.length === 0 ? [] : services,
  };
}

/** Of two at the same time, what ended comes before what began after it; but a run begins before it ends. */
function inTime(left: HistoryLineView, right: HistoryLineView): number {
  if (left.at !== right.at) return left.at < right.at ? -1 : 1;
  if (left.service !== right.service || left.run === null || right.run === null) return 0;
  return left.run - right.run || Number(left.kind !== "start") - Number(right.kind !== "start");
}

function means(name: string, pattern: string): boolean {
  return name === pattern || matchesPattern(name, pattern);
}

function servicesIn(db: Database): readonly string[] {
  const sql =
    "SELECT DISTINCT service FROM runs UNION SELECT DISTINCT service FROM events WHERE service IS NOT NULL ORDER BY service";
  return select<{ readonly service: string }>(db, sql, []).map(({ service }) => service);
}

function reportOf(db: Database, { service, run }: Extract<HistoryQuestion, { tag: "report" }>): HistoryAnswer {
  const [last] = select<{ readonly number: number | null }>(
    db,
    "SELECT max(number) AS number FROM runs WHERE service = ?",
    [service],
  );
  const which = run === "last" ? "report IS NOT NULL ORDER BY number DESC LIMIT 1" : "number = ?2";
  const [row] = select<RunRow & { readonly report: string | null }>(
    db,
    `SELECT ${RUN_COLUMNS}, report FROM runs WHERE service = ?1 AND ${which}`,
    run === "last" ? [service] : [service, run],
  );
  return { tag: "report", report: row === undefined ? null : reportViewOf(row), newest: last?.number ?? null };
}

function startLineOf(row: RunRow): HistoryLineView {
  const { service, number: run, pid, because: message } = row;
  const at = isoOf(row.began as WallTime);
  return { at, service, run, kind: "start", pid, message, ran_ms: null, repeated: 0, report: false };
}

function endLineOf(row: RunRow): HistoryLineView {
  const { service, number: run, pid, merged: repeated } = row;
  const because = detailOf(row)?.because ?? null;
  const reason = row.reason ?? "";
  // Of what was asked for, what for is worth more than by which signal.
  const [first, second] = row.cause === "stop" && because !== null ? [because, reason] : [reason, because];
  const message = second === null ? first : `${first} (${second})`;
  const at = isoOf((row.ended ?? 0) as WallTime);
  const kind = row.cause ?? "lost";
  return { at, service, run, kind, pid, message, ran_ms: row.ran, repeated, report: row.hasReport === 1 };
}

function eventLineOf({ at, service, event, message, merged }: EventRow): HistoryLineView {
  const what = { kind: event, message, repeated: merged };
  return { at: isoOf(at as WallTime), service, run: null, ...what, pid: null, ran_ms: null, report: false };
}

function runViewOf(row: RunRow): RunView {
  const { service, number: run, pid, cause, reason, merged: repeated } = row;
  const ended = row.ended === null ? null : isoOf(row.ended as WallTime);
  const began = isoOf(row.began as WallTime);
  return { service, run, pid, began, ended, cause, reason, repeated, report: row.hasReport === 1 };
}

function reportViewOf(row: RunRow & { readonly report: string | null }): ReportView {
  const detail = detailOf(row);
  const report = row.report === null ? null : (JSON.parse(row.report) as RunReport);
  const usage = detail?.usage ?? null;
  return {
    ...runViewOf(row),
    began_because: row.because,
    ended_because: detail?.because ?? null,
    restarts: row.restarts,
    ran_ms: row.ran,
    exit: detail === null ? null : exitViewOf(detail.exit),
    usage:
      usage === null
        ? null
        : {
            user_ms: usage.userMs,
            system_ms: usage.systemMs,
            peak_rss: usage.peakRss,
            peak_rss_exact: usage.isPeakExact,
          },
    lines: report?.lines?.map((line) => ({ ...line, at: isoOf(line.at) })) ?? null,
    lines_are_older: report?.areLinesOlder ?? false,
    own: report?.own.map((line) => ({ ...line, at: isoOf(line.at) })) ?? [],
  };
}

function detailOf({ detail }: RunRow): Pick<RunEnd, "exit" | "because" | "usage"> | null {
  return detail === null ? null : (JSON.parse(detail) as Pick<RunEnd, "exit" | "because" | "usage">);
}

function select<Row>(db: Database, sql: string, values: readonly (string | number | null)[]): readonly Row[] {
  const statement = db.prepare<Row, (string | number | null)[]>(sql);
  try {
    return statement.all(...values);
  } finally {
    statement.finalize();
  }
}
