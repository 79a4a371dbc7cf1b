import type { SyslogSeverity } from "../core/definition.ts";
import { SYSLOG_SEVERITIES } from "../core/definition.ts";
import type { Source } from "./source.ts";

export interface Prioritized {
  readonly severity: SyslogSeverity;
  readonly text: string;
}

/**
 * How important a line is, and its text without the prefix that says so: `<N>` at its beginning, N from 0 (emerg) to 7
 * (debug), as in sd-daemon(3); without one, stdout is info and stderr err.
 */
export function prioritizedOf(line: string, stream: Source["stream"]): Prioritized {
  const severity = line[0] === "<" && line[2] === ">" ? SYSLOG_SEVERITIES[line.charCodeAt(1) - 48] : undefined;
  if (severity !== undefined) return { severity, text: line.slice(3) };
  return { severity: stream === "stderr" ? "err" : "info", text: line };
}
