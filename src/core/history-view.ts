import type { Exit } from "./exit.ts";
import type { HistoryEvent, OwnLine, RunCause } from "./history.ts";

/** What a line of the history tells: that a run began or how it ended, or something else. */
export type HistoryKind = "start" | RunCause | HistoryEvent;

/** One line of the history. Times are ISO 8601 UTC; what has no value is null, never absent. */
export interface HistoryLineView {
  readonly at: string;
  /** null: it concerns the supervisor itself. */
  readonly service: string | null;
  /** The number of the run among those of its service. */
  readonly run: number | null;
  readonly kind: HistoryKind;
  readonly pid: number | null;
  readonly message: string;
  /** How long the run that has ended took. */
  readonly ran_ms: number | null;
  /** So many times before, the same has happened and is not listed. */
  readonly repeated: number;
  /** true: there is a report with the last lines of the run. */
  readonly report: boolean;
}

/** One run of a service. */
export interface RunView {
  readonly service: string;
  /** Counts up from 1 for each service. */
  readonly run: number;
  readonly pid: number;
  readonly began: string;
  /** null: it goes on. */
  readonly ended: string | null;
  readonly cause: RunCause | null;
  /** How it ended: "killed by SIGSEGV (core dumped)". */
  readonly reason: string | null;
  /** So many runs before it ended the same way and are not kept. */
  readonly repeated: number;
  readonly report: boolean;
}

/** Everything that is kept of one run. */
export interface ReportView extends RunView {
  readonly began_because: string;
  readonly ended_because: string | null;
  readonly restarts: number;
  readonly ran_ms: number | null;
  readonly exit: { readonly code: number | null; readonly signal: string | null; readonly core_dumped: boolean } | null;
  readonly usage: {
    readonly user_ms: number;
    readonly system_ms: number;
    /** In bytes. */
    readonly peak_rss: number;
    /** false: it was no more than this. */
    readonly peak_rss_exact: boolean;
  } | null;
  /** The last that the service wrote, oldest first; null: there is no report, or they could not be had. */
  readonly lines:
    readonly { readonly at: string; readonly stream: "stdout" | "stderr"; readonly text: string }[] | null;
  /** true: they are of one of the runs that are not kept. */
  readonly lines_are_older: boolean;
  /** What the supervisor wrote about it. */
  readonly own: readonly { readonly at: string; readonly severity: OwnLine["severity"]; readonly text: string }[];
}

export function exitViewOf(exit: Exit): ReportView["exit"] {
  if (exit.tag === "unknown") return null;
  return {
    code: exit.tag === "code" ? exit.code : null,
    signal: exit.tag === "signal" ? exit.signal : null,
    core_dumped: exit.tag === "signal" && exit.dumped,
  };
}

/** What may be asked of the history. */
export type HistoryQuestion =
  /** The last `most` lines, oldest first. `patterns`: globs of services; empty: all that is kept. `since`: milliseconds since 1970. */
  | {
      readonly tag: "list";
      readonly patterns: readonly string[];
      readonly since: number | null;
      readonly most: number;
    }
  /** The last `most` runs of a service, oldest first. */
  | { readonly tag: "runs"; readonly service: string; readonly most: number }
  /** One run by its number; "last": the last one that there is a report of. */
  | { readonly tag: "report"; readonly service: string; readonly run: number | "last" };

export interface HistoryListAnswer {
  readonly lines: readonly HistoryLineView[];
  /** Those of the patterns of which nothing is kept. */
  readonly unknown: readonly string[];
  /** All services of which something is kept, if there is anything unknown. */
  readonly services: readonly string[];
}

export type HistoryAnswer =
  | (HistoryListAnswer & { readonly tag: "list" })
  | { readonly tag: "runs"; readonly runs: readonly RunView[] }
  /** null: none is kept. `newest`: the number of the last run that is; null: there is none. */
  | { readonly tag: "report"; readonly report: ReportView | null; readonly newest: number | null }
  /** A whole sentence. */
  | { readonly tag: "failed"; readonly message: string };

/** The most that one question is answered with. */
export const MOST_HISTORY_LINES = 10_000;
export const DEFAULT_HISTORY_LINES = 50;
