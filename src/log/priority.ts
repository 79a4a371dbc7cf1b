import type { SyslogSeverity } from "../core/log-policy.ts";
import { SYSLOG_SEVERITIES } from "../core/log-policy.ts";
import { jsonObjectOf } from "./json-line.ts";
import type { Source } from "./source.ts";

export interface Prioritized {
  readonly severity: SyslogSeverity;
  readonly text: string;
  /** The fields of a line that is a JSON object; null of any other. */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

/**
 * How important a line is, and its text without the prefix that says so: `<N>` at its beginning, N from 0 (emerg) to 7
 * (debug), as in sd-daemon(3). Without one, what `priority`, `severity` or `level` of a line that is a JSON object says;
 * otherwise stdout is info and stderr err.
 */
export function prioritizedOf(line: string, stream: Source["stream"]): Prioritized {
  const { severity, ...rest } = saidOf(line);
  return { ...rest, severity: severity ?? (stream === "stderr" ? "err" : "info") };
}

/** How important a line says that it is; null: it does not say. */
export function saidSeverityOf(line: string): SyslogSeverity | null {
  return saidOf(line).severity;
}

function saidOf(line: string): Omit<Prioritized, "severity"> & { readonly severity: SyslogSeverity | null } {
  const prefixed = line[0] === "<" && line[2] === ">" ? SYSLOG_SEVERITIES[line.charCodeAt(1) - 48] : undefined;
  const text = prefixed === undefined ? line : line.slice(3);
  const fields = jsonObjectOf(text);
  return { severity: prefixed ?? (fields === null ? undefined : severityIn(fields)) ?? null, text, fields };
}

function severityIn(fields: Readonly<Record<string, unknown>>): SyslogSeverity | undefined {
  for (const key of ["priority", "severity", "level"]) {
    const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const name = typeof value === "string" ? value.toLowerCase() : null;
    const found = SYSLOG_SEVERITIES.find((severity) => severity === name) ?? ALIASES.get(name ?? "");
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What the severities are called elsewhere. */
const ALIASES: ReadonlyMap<string, SyslogSeverity> = new Map([
  ["emergency", "emerg"],
  ["panic", "emerg"],
  ["fatal", "crit"],
  ["critical", "crit"],
  ["error", "err"],
  ["warn", "warning"],
  ["information", "info"],
  ["trace", "debug"],
]);
