import { DEFAULT_LOG_LINES, MAX_LOG_LINES, MAX_PATTERN } from "../control/limits.ts";
import type { OutputWish } from "../control/control-port.ts";
import { type LogStream, SYSLOG_SEVERITIES, type SyslogSeverity } from "../core/log-policy.ts";
import type { Arguments, OptionTable } from "./parse-arguments.ts";
import { MOMENT_FORMS, parseMoment } from "./parse-moment.ts";

export const LOGS_OPTIONS = {
  follow: { short: "f", value: null, help: "go on with every new line until interrupted" },
  lines: {
    short: "n",
    value: "N",
    help: `the last N of each service, or "all" (default ${DEFAULT_LOG_LINES}, without a time)`,
  },
  since: { short: null, value: "WHEN", help: 'from then on: "10m", "14:30", "yesterday 14:30"' },
  until: { short: null, value: "WHEN", help: "before then" },
  grep: { short: "g", value: "RE", help: "lines that match (a regular expression)" },
  "ignore-case": { short: "i", value: null, help: "for --grep: small letters mean capitals too" },
  priority: { short: "p", value: "PRIORITY", help: "this or more important" },
  stream: { short: null, value: "STREAM", help: "what was written to stdout, or stderr" },
  run: { short: null, value: "RUN", help: "0 is the current run, -1 the one before" },
  boot: { short: "b", value: null, help: "since the supervisor began" },
} as const satisfies OptionTable;

/** What the options of `logs` ask for. Times in milliseconds since 1970. */
export interface LogsOptions {
  readonly isFollowed: boolean;
  /** null: all. */
  readonly count: number | null;
  readonly since: number | null;
  readonly until: number | null;
  readonly wishes: OutputWish["wishes"];
  readonly run: number | null;
  readonly isThisBoot: boolean;
}

/** A text is what is wrong, as a sentence of our grammar. */
export function readLogsOptions(given: Arguments, now: number): LogsOptions | string {
  const isFollowed = given.has("follow");
  const since = momentOf("since", given, now);
  const until = momentOf("until", given, now);
  const count = countOf(given);
  const grep = grepOf(given);
  const priority = priorityOf(given);
  const stream = streamOf(given);
  const run = runOf(given);
  for (const value of [since, until, count, grep, priority, stream, run]) if (isProblem(value)) return value.problem;
  if (typeof since === "number" && typeof until === "number" && until <= since)
    return `cannot combine "--since" and "--until": ${timeOf(since)} to ${timeOf(until)} is no stretch of time, want the earlier one first`;
  if (isFollowed && until !== null) return 'cannot combine "--follow" and "--until": what is followed has no end';
  if (isFollowed && run !== null && run !== 0)
    return 'cannot combine "--follow" and "--run": only run 0, the current one, goes on';
  return {
    isFollowed,
    count: count as number | null,
    since: since as number | null,
    until: until as number | null,
    wishes: {
      grep: grep as OutputWish["wishes"]["grep"],
      priority: priority as SyslogSeverity | null,
      stream: stream as LogStream | null,
    },
    run: run as number | null,
    isThisBoot: given.has("boot"),
  };
}

function timeOf(moment: number): string {
  return new Date(moment).toISOString();
}

interface Problem {
  readonly problem: string;
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "problem" in value;
}

function wrong(option: string, got: string, wanted: string): Problem {
  return { problem: `cannot read "--${option}": got ${JSON.stringify(got)}, want ${wanted}` };
}

function momentOf(option: "since" | "until", given: Arguments, now: number): number | null | Problem {
  const text = given.valueOf(option);
  return text === null ? null : (parseMoment(text, now) ?? wrong(option, text, `a time, like ${MOMENT_FORMS}`));
}

function countOf(given: Arguments): number | null | Problem {
  const text = given.valueOf("lines");
  if (text === "all") return null;
  if (text !== null)
    return /^[0-9]{1,5}$/.test(text) && Number(text) <= MAX_LOG_LINES
      ? Number(text)
      : wrong("lines", text, `a number from 0 to ${MAX_LOG_LINES}, or "all"`);
  const isBounded = ["since", "until", "run", "boot"].some((option) => given.has(option));
  return isBounded || (given.has("grep") && !given.has("follow")) ? null : DEFAULT_LOG_LINES;
}

function grepOf(given: Arguments): OutputWish["wishes"]["grep"] | Problem {
  const pattern = given.valueOf("grep");
  if (pattern === null) return null;
  if (pattern.length > MAX_PATTERN)
    return wrong("grep", `${pattern.slice(0, 20)}...`, `at most ${MAX_PATTERN} characters`);
  try {
    RegExp(pattern, "u");
    return { pattern, ignoreCase: given.has("ignore-case") };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, "") : String(error);
    return wrong("grep", pattern, `a regular expression: ${reason}`);
  }
}

/** What the severities are called elsewhere. */
const ALIASES: Readonly<Record<string, SyslogSeverity>> = { error: "err", warn: "warning", critical: "crit" };

function priorityOf(given: Arguments): SyslogSeverity | null | Problem {
  const text = given.valueOf("priority");
  if (text === null) return null;
  const name = text.toLowerCase();
  const found = SYSLOG_SEVERITIES.find((severity, number) => severity === name || String(number) === name);
  const alias = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  return found ?? alias ?? wrong("priority", text, `one of ${SYSLOG_SEVERITIES.join(", ")}, or 0 to 7`);
}

function streamOf(given: Arguments): LogStream | null | Problem {
  const text = given.valueOf("stream");
  return text === null || text === "stdout" || text === "stderr" ? text : wrong("stream", text, "stdout or stderr");
}

function runOf(given: Arguments): number | null | Problem {
  const text = given.valueOf("run");
  if (text === null) return null;
  return /^(0|-?[1-9][0-9]{0,8})$/.test(text)
    ? Number(text)
    : wrong("run", text, "0, -1 and so on, or the number of a run");
}
