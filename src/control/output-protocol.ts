import * as z from "zod/mini";
import { LOG_STREAMS, SYSLOG_SEVERITIES } from "../core/log-policy.ts";
import { MAX_LOG_LINES, MAX_OUTPUT_NAMES, MAX_PATTERN } from "./limits.ts";
import { wholeNumber, yesOrNo } from "./query-values.ts";

/** ISO 8601 with a zone. */
const moment = z.iso.datetime({ offset: true });

/**
 * Query of output. `names`: names and globs, with commas between them; none: all services. `lines`: the last ones of each
 * service; none: all. `grep`: a regular expression as JavaScript has them, flag u. `priority`: this or more important.
 * `run`: 0 for the current run of each service, -1 for the one before it. `boot`: since this supervisor began.
 */
export const outputQuery = z.strictObject({
  names: z.optional(z.string().check(z.maxLength(MAX_OUTPUT_NAMES))),
  lines: z.optional(wholeNumber(0, MAX_LOG_LINES)),
  since: z.optional(moment),
  until: z.optional(moment),
  grep: z.optional(z.string().check(z.maxLength(MAX_PATTERN))),
  ignore_case: z._default(yesOrNo, false),
  priority: z.optional(z.enum(SYSLOG_SEVERITIES)),
  stream: z.optional(z.enum(LOG_STREAMS)),
  run: z.optional(z.string().check(z.regex(/^(0|-?[1-9][0-9]{0,8})$/, "must be a whole number"))),
  boot: z._default(yesOrNo, false),
  follow: z._default(yesOrNo, false),
});

export type OutputQuery = Readonly<z.infer<typeof outputQuery>>;

/** A line of output out of wherever it is kept. null: what holds it does not tell. `cut`: only its beginning. */
export const outputLine = z.strictObject({
  at: z.string(),
  service: z.string(),
  stream: z.nullable(z.enum(LOG_STREAMS)),
  pid: z.nullable(z.int()),
  priority: z.nullable(z.enum(SYSLOG_SEVERITIES)),
  text: z.string(),
  cut: z.boolean(),
});

/** What is to be said beside the lines; `exit` is the status that a command ends with, 0 if it is no failure. */
export const outputNote = z.strictObject({ note: z.string(), exit: z.int() });

/** The first thing that is said: whose output it is. With `follow`, others may come when definitions are read again. */
export const outputHead = z.strictObject({ services: z.array(z.string()) });

export const outputItem = z.union([outputLine, outputNote, outputHead]);
