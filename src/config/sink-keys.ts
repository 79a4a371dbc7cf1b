import * as z from "zod";
import {
  SYSLOG_FACILITIES,
  SYSLOG_SEVERITIES,
  type LineFilter,
  type MultilinePolicy,
  type SyslogFacility,
} from "../core/log-policy.ts";
import { millis } from "../core/units.ts";
import { keyOf } from "./key-meta.ts";
import { pattern, MAX_PATTERN } from "./pattern.ts";
import { rotationKeys } from "./rotation-keys.ts";
import { choice, duration, path, size, wholeNumber } from "./schema-parts.ts";

const FACILITIES = Object.keys(SYSLOG_FACILITIES) as [SyslogFacility, ...SyslogFacility[]];

/** More expressions than these in one list are refused. */
const MAX_PATTERNS = 32;
const MAX_RATE = 1_000_000;
const DEFAULT_BUFFER = 1024 * 1024;

export function facility(): z.ZodType<SyslogFacility, SyslogFacility> {
  return choice(FACILITIES);
}

/** What may be said of one sink, and above it, in [log] and [log.stderr], for all that do not say it themselves. */
export function sinkKeys() {
  return { ...filterKeys(), ...recordKeys(), ...rotationKeys(), facility: facilityKey(), ...slownessKeys() };
}

/** What may be said of a stream. */
export function streamKeys() {
  return {
    multiline: keyOf(multiline().optional(), {
      description:
        "Lines that belong together, such as those of a stack trace, are one record in syslog, in JSON, and for filters: one that matches `start` begins it; it ends with the next one, with so many `lines` or bytes (`size`), or when for so long (`within`) no line follows",
      live: true,
      limit: `${MAX_PATTERN} characters, 10000 lines, 1MiB, 1m`,
      initial: "each line is a record",
      example: `multiline = { start = '^\\S', lines = 500, size = "64KiB", within = "500ms" }`,
    }),
  };
}

/** Which lines a sink takes. */
function filterKeys() {
  return {
    priority: keyOf(choice(SYSLOG_SEVERITIES).default("debug"), {
      description:
        "Less severe lines are left out. A line has the severity that `<N>` at its beginning says (sd-daemon(3)), or `priority` or `level` of a line that is a JSON object; else stdout has `info` and stderr `err`",
      live: true,
      limit: `${SYSLOG_SEVERITIES.length} choices`,
      example: 'priority = "warning"',
    }),
    include: keyOf(patterns().default([]), {
      description: "Only lines that match one of these regular expressions",
      live: true,
      limit: `${MAX_PATTERNS} expressions of ${MAX_PATTERN} characters`,
      initial: "every line",
      example: 'include = ["^request ", "^slow query"]',
    }),
    exclude: keyOf(patterns().default([]), {
      description: "No lines that match one of these regular expressions",
      live: true,
      limit: `${MAX_PATTERNS} expressions of ${MAX_PATTERN} characters`,
      example: 'exclude = ["GET /healthz"]',
    }),
    rate: keyOf(rate().optional(), {
      description: "Lines beyond so many in a stretch of time are left out; a line says how many were",
      live: true,
      limit: `${MAX_RATE} lines, 1d`,
      initial: "any number",
      example: 'rate = { lines = 1000, per = "10s" }',
    }),
  };
}

/** What a line becomes. */
function recordKeys() {
  return {
    format: keyOf(choice(["plain", "json"]).default("plain"), {
      description: "How a line is written: as it is, behind a time stamp, or as a JSON object",
      live: true,
      limit: "2 choices",
      example: 'format = "json"',
    }),
    file: keyOf(path("the path of a file").optional(), {
      description: "The file",
      live: true,
      limit: "4095 characters",
      initial: "`NAME.log` in the log directory",
      example: 'file = "/var/log/api.log"',
      shared: false,
    }),
    stamp: keyOf(choice(["iso", "unix", "tai64n", "none"]).default("iso"), {
      description: "The time stamp before each plain line",
      live: true,
      limit: "4 choices",
      example: 'stamp = "unix"',
    }),
  };
}

/** What becomes of lines that a sink does not take at once. */
function slownessKeys() {
  return {
    when_slow: keyOf(choice(["block", "drop"]).optional(), {
      description:
        "While a sink is slow: `block` has the service wait, for a file as long as it takes, for a server or a service while the buffer is full, but for no more than 5s in which nothing is taken; `drop` never does",
      live: true,
      limit: "2 choices",
      initial: '`"block"` for files and services, `"drop"` for `remote`',
      example: 'when_slow = "drop"',
    }),
    buffer: keyOf(size("4KiB", "64MiB").default(DEFAULT_BUFFER), {
      description:
        "What may wait while a server, a service or, with `drop`, a file takes nothing; what has no room is dropped and counted",
      live: true,
      limit: "64MiB",
      example: 'buffer = "16MiB"',
    }),
  };
}

function facilityKey() {
  return keyOf(facility().default("daemon"), {
    description: "The facility for syslog",
    live: true,
    limit: "18 choices",
    example: 'facility = "local3"',
  });
}

function patterns(): z.ZodType<string[], unknown> {
  return z
    .array(pattern(), { error: `a list of regular expressions, like ["^debug"]` })
    .max(MAX_PATTERNS, `at most ${MAX_PATTERNS}`);
}

/** In one line of the reference, as it is written in one line of a definition. */
function rate(): z.ZodType<NonNullable<LineFilter["rate"]>, unknown> {
  return z
    .strictObject(
      { lines: wholeNumber(1, MAX_RATE), per: duration("1d", "1s") },
      { error: `a table, like { lines = 1000, per = "10s" }` },
    )
    .transform((parsed): NonNullable<LineFilter["rate"]> => parsed);
}

function multiline(): z.ZodType<MultilinePolicy, unknown> {
  return z
    .strictObject(
      {
        start: pattern(),
        lines: wholeNumber(2, 10_000).default(500),
        size: size("1KiB", "1MiB").default(64 * 1024),
        within: duration("1m", "10ms").default(millis(500)),
      },
      { error: `a table, like { start = '^\\S' }` },
    )
    .transform(({ size: bytes, ...rest }): MultilinePolicy => ({ ...rest, bytes }));
}
