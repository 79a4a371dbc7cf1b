import { LOG_STREAMS, SYSLOG_SEVERITIES } from "../core/log-policy.ts";
import { MAX_LOG_LINES, MAX_OUTPUT_NAMES, MAX_PATTERN } from "./limits.ts";
import { choice, flag, list, moment, nullOr, object, optional, otherwise, text, whole, type ValueOf } from "./shape.ts";

/** Runs further back than this cannot be named. */
const MOST_RUNS_BACK = 999_999_999;

/**
 * Query of output. `names`: names and globs, with commas between them; none: all services. `lines`: the last ones of each
 * service; none: all. `grep`: a regular expression as JavaScript has them, flag u. `priority`: this or more important.
 * `run`: 0 for the current run of each service, -1 for the one before it. `boot`: since this supervisor
 * began, or the first of those that it goes on for.
 * `resume`: what was told before is asked for again; a file whose lines have no times is not read then.
 */
export const outputQuery = object({
  names: optional(text(MAX_OUTPUT_NAMES)),
  lines: optional(whole(0, MAX_LOG_LINES)),
  since: optional(moment()),
  until: optional(moment()),
  grep: optional(text(MAX_PATTERN)),
  ignore_case: otherwise(flag(), false),
  priority: optional(choice(SYSLOG_SEVERITIES)),
  stream: optional(choice(LOG_STREAMS)),
  run: optional(whole(-MOST_RUNS_BACK, MOST_RUNS_BACK)),
  boot: otherwise(flag(), false),
  follow: otherwise(flag(), false),
  resume: otherwise(flag(), false),
});

export type OutputQuery = ValueOf<typeof outputQuery>;

/** A line of output out of wherever it is kept. null: what holds it does not tell. `cut`: only its beginning. */
export const outputLine = object({
  at: text(),
  service: text(),
  stream: nullOr(choice(LOG_STREAMS)),
  pid: nullOr(whole()),
  priority: nullOr(choice(SYSLOG_SEVERITIES)),
  text: text(),
  cut: flag(),
});

/** What is to be said beside the lines; `exit` is the status that a command ends with, 0 if it is no failure. */
export const outputNote = object({ note: text(), exit: whole() });

/** The first thing that is said: whose output it is. With `follow`, others may come when definitions are read again. */
export const outputHead = object({ services: list(text()) });
