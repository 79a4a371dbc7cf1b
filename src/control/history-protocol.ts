import * as z from "zod/mini";
import { HISTORY_EVENTS, RUN_CAUSES } from "../core/history.ts";
import { SYSLOG_SEVERITIES } from "../core/log-policy.ts";

/* What is answered about the past. Times are ISO 8601 UTC. A member without a value is null, never absent. */

const cause = z.enum(RUN_CAUSES);

/** `repeated`: so many times before, the same has happened and is not listed. */
export const historyLine = z.strictObject({
  at: z.string(),
  service: z.nullable(z.string()),
  run: z.nullable(z.int()),
  kind: z.enum(["start", ...RUN_CAUSES, ...HISTORY_EVENTS]),
  pid: z.nullable(z.int()),
  message: z.string(),
  ran_ms: z.nullable(z.number()),
  repeated: z.int(),
  report: z.boolean(),
});

/** `unknown`: names of which nothing is kept; `services`: then, all of which something is. */
export const historyAnswer = z.strictObject({
  lines: z.array(historyLine),
  unknown: z.array(z.string()),
  services: z.array(z.string()),
});

export const runView = z.strictObject({
  service: z.string(),
  run: z.int(),
  pid: z.int(),
  began: z.string(),
  ended: z.nullable(z.string()),
  cause: z.nullable(cause),
  reason: z.nullable(z.string()),
  repeated: z.int(),
  report: z.boolean(),
});

/** `lines`: null if there is no report of the run. */
export const reportView = z.extend(runView, {
  began_because: z.string(),
  ended_because: z.nullable(z.string()),
  restarts: z.int(),
  ran_ms: z.nullable(z.number()),
  exit: z.nullable(
    z.strictObject({ code: z.nullable(z.int()), signal: z.nullable(z.string()), core_dumped: z.boolean() }),
  ),
  usage: z.nullable(
    z.strictObject({
      user_ms: z.number(),
      system_ms: z.number(),
      peak_rss: z.int(),
      peak_rss_exact: z.boolean(),
    }),
  ),
  lines: z.nullable(
    z.array(z.strictObject({ at: z.string(), stream: z.enum(["stdout", "stderr"]), text: z.string() })),
  ),
  lines_are_older: z.boolean(),
  own: z.array(z.strictObject({ at: z.string(), severity: z.enum(SYSLOG_SEVERITIES), text: z.string() })),
});
