import { HISTORY_EVENTS, RUN_CAUSES } from "../core/history.ts";
import { SYSLOG_SEVERITIES } from "../core/log-policy.ts";
import { choice, flag, list, nullOr, number, object, text, whole } from "./shape.ts";

/* What is answered about the past. Times are ISO 8601 UTC. A member without a value is null, never absent. */

const cause = choice(RUN_CAUSES);

/** `repeated`: so many times before, the same has happened and is not listed. */
export const historyLine = object({
  at: text(),
  service: nullOr(text()),
  run: nullOr(whole()),
  kind: choice(["start", ...RUN_CAUSES, ...HISTORY_EVENTS]),
  pid: nullOr(whole()),
  message: text(),
  ran_ms: nullOr(number()),
  repeated: whole(),
  report: flag(),
});

/** `unknown`: names of which nothing is kept; `services`: then, all of which something is. */
export const historyAnswer = object({
  lines: list(historyLine),
  unknown: list(text()),
  services: list(text()),
});

export const runView = object({
  service: text(),
  run: whole(),
  pid: whole(),
  began: text(),
  ended: nullOr(text()),
  cause: nullOr(cause),
  reason: nullOr(text()),
  repeated: whole(),
  report: flag(),
});

/** `lines`: null if there is no report of the run. */
export const reportView = object({
  ...runView.members,
  began_because: text(),
  ended_because: nullOr(text()),
  restarts: whole(),
  ran_ms: nullOr(number()),
  exit: nullOr(object({ code: nullOr(whole()), signal: nullOr(text()), core_dumped: flag() })),
  usage: nullOr(
    object({
      user_ms: number(),
      system_ms: number(),
      peak_rss: whole(),
      peak_rss_exact: flag(),
    }),
  ),
  lines: nullOr(list(object({ at: text(), stream: choice(["stdout", "stderr"]), text: text() }))),
  lines_are_older: flag(),
  own: list(object({ at: text(), severity: choice(SYSLOG_SEVERITIES), text: text() })),
});
