/* What is kept of the past: runs of services, and what else happened. Plain data, as it goes to the thread that writes it. */
import type { SyslogSeverity } from "./log-policy.ts";
import type { Exit } from "./exit.ts";
import type { Millis, WallTime } from "./units.ts";

/**
 * Why a run ended. crash: in failure, though nobody asked it to end; end: by itself, with success; stop: it was asked to;
 * timeout: it took too long, to start or to stop; lost: its supervisor did not live to see its end.
 */
export const RUN_CAUSES = ["crash", "end", "stop", "watchdog", "unhealthy", "timeout", "oom", "lost"] as const;
export type RunCause = (typeof RUN_CAUSES)[number];

/** What a process used, with those children of its own that it has waited for. */
export interface RunUsage {
  readonly userMs: Millis;
  readonly systemMs: Millis;
  /** The most memory that it had at a time, in bytes. */
  readonly peakRss: number;
  /** false: that is what it inherited of its supervisor over the exec, and it needed no more; how much is not known. */
  readonly isPeakExact: boolean;
}

/** A line that the service has written. */
export interface OutputLine {
  readonly at: WallTime;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** A line that the supervisor has written about a service, without the service's name. */
export interface OwnLine {
  readonly at: WallTime;
  readonly severity: SyslogSeverity;
  readonly text: string;
}

/** What is kept of a run that ended otherwise than it should. */
export interface RunReport {
  /** Its last lines, oldest first; null: they could not be had, or too many services ended at once. */
  readonly lines: readonly OutputLine[] | null;
  /** true: the lines are those of a run shortly before it, which ended the same way. */
  readonly areLinesOlder: boolean;
  readonly own: readonly OwnLine[];
}

export interface RunEnd {
  readonly at: WallTime;
  readonly ran: Millis;
  readonly cause: RunCause;
  readonly exit: Exit;
  /** "killed by SIGSEGV (core dumped)". */
  readonly reason: string;
  /** Who or what ended it: "stop, by an operator"; null: there is nothing to say. */
  readonly because: string | null;
  readonly usage: RunUsage | null;
  /** null: it ended as it should. */
  readonly report: RunReport | null;
}

/** One run of a service, from the start of its main process to the end of it. */
export interface RunEntry {
  readonly tag: "run";
  /** Its number in the life of the supervisor that began it, over all services. */
  readonly run: number;
  /** That supervisor, where it is a predecessor; null: this one. */
  readonly session: string | null;
  readonly service: string;
  readonly pid: number;
  readonly began: WallTime;
  /** "with the supervisor", "start, by an operator". */
  readonly because: string;
  /** Automatic restarts since the last manual start. */
  readonly restarts: number;
  /** null: it goes on. */
  readonly end: RunEnd | null;
  /** So many runs before it ended the same way, and are only counted. */
  readonly merged: number;
  /** The first of them by its number, of those that are not written down yet; null: there is none. */
  readonly firstMerged: number | null;
}

/** What else is kept. begin, over, upgrade: of the supervisor itself. */
export const HISTORY_EVENTS = [
  "begin",
  "over",
  "reload",
  "upgrade",
  "start-failed",
  "failed",
  "removed",
  "problem",
  "left",
] as const;
export type HistoryEvent = (typeof HISTORY_EVENTS)[number];

export interface EventEntry {
  readonly tag: "event";
  /** Its number in the life of this supervisor. */
  readonly number: number;
  readonly at: WallTime;
  /** null: it concerns the supervisor itself. */
  readonly service: string | null;
  readonly event: HistoryEvent;
  readonly message: string;
  /** The same happened so many times before, with nothing else between. */
  readonly merged: number;
}

export type HistoryEntry = RunEntry | EventEntry;

/** How much is kept. */
export interface HistoryPolicy {
  /** Runs of each service, and so many other entries of each; 0: there is no history. */
  readonly keep: number;
  readonly keepAge: Millis;
  /** Bytes that the file may have. */
  readonly keepSize: number;
  /** The last lines of output in a report. */
  readonly lines: number;
}

/** The longest text of an entry, in characters. */
export const MOST_HISTORY_TEXT = 1000;
/** The longest line of output in a report, in characters, and the most characters of all its lines together. */
const MOST_REPORT_LINE = 4096;
const MOST_REPORT_TEXT = 64 * 1024;

/** The last lines that a report has room for, oldest first; what is too long is cut. */
export function boundLines(lines: readonly OutputLine[], most: number): readonly OutputLine[] {
  const kept: OutputLine[] = [];
  let room = MOST_REPORT_TEXT;
  for (let index = lines.length - 1; index >= 0 && kept.length < most; index--) {
    const line = lines[index];
    if (line === undefined) break;
    const text = cutText(line.text, MOST_REPORT_LINE);
    room -= text.length;
    if (room < 0) break;
    kept.push(text === line.text ? line : { ...line, text });
  }
  return kept.reverse();
}

export function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)} [...]`;
}

/** How many characters of output an entry has. */
export function reportTextOf(entry: HistoryEntry): number {
  if (entry.tag !== "run") return 0;
  return entry.end?.report?.lines?.reduce((sum, { text }) => sum + text.length, 0) ?? 0;
}
