import { SYSLOG_FACILITIES, SYSLOG_SEVERITIES, type SyslogFacility, type SyslogSeverity } from "../core/log-policy.ts";
import { isoTimeOf } from "./stamp.ts";
import { syslogTextOf } from "./syslog-text.ts";

export interface SyslogMessageParts {
  readonly facility: SyslogFacility;
  readonly severity: SyslogSeverity;
  /** Microseconds since 1970. */
  readonly at: number;
  readonly host: string;
  readonly app: string;
  readonly pid: number;
  readonly text: string;
}

const LONGEST_HOST = 255;
const LONGEST_APP = 48;

/**
 * `<PRI>1 TIME HOST APP PROCID - - TEXT` (RFC 5424, section 6): no message id, no structured data, and the text in UTF-8
 * without a byte order mark, as other senders have it. The text is made harmless and cut if it is too long.
 */
export function rfc5424Of({ facility, severity, at, host, app, pid, text }: SyslogMessageParts): string {
  const priority = SYSLOG_FACILITIES[facility] * 8 + SYSLOG_SEVERITIES.indexOf(severity);
  const from = `${nameOf(host, LONGEST_HOST)} ${nameOf(app, LONGEST_APP)} ${pid}`;
  return `<${priority}>1 ${isoTimeOf(at)} ${from} - - ${syslogTextOf(text)}`;
}

/** Printable ASCII without blanks; "-" if there is nothing. */
function nameOf(text: string, most: number): string {
  const printable = text.replace(/[^\x21-\x7e]/g, "_").slice(0, most);
  return printable === "" ? "-" : printable;
}
