import { SYSLOG_FACILITIES, SYSLOG_SEVERITIES, type SyslogFacility, type SyslogSeverity } from "../core/log-policy.ts";
import type { WallTime } from "../core/units.ts";
import { syslogBytesOf } from "./syslog-text.ts";

export interface SyslogEntry {
  readonly facility: SyslogFacility;
  readonly severity: SyslogSeverity;
  readonly at: WallTime;
  /** Who says it; a service's name. */
  readonly tag: string;
  readonly pid: number;
  /** Without its newline. */
  readonly text: string | Uint8Array;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const encoder = new TextEncoder();

/**
 * One message as it is sent to /dev/log: `<PRI>Mmm dd hh:mm:ss TAG[PID]: text`, RFC 3164 in the form that libc uses for
 * the local daemon, without a host name and in local time. The text is made harmless and cut if it is too long.
 */
export function syslogDatagramOf(entry: SyslogEntry): Uint8Array {
  const priority = SYSLOG_FACILITIES[entry.facility] * 8 + SYSLOG_SEVERITIES.indexOf(entry.severity);
  const head = encoder.encode(`<${priority}>${syslogStampOf(entry.at)} ${entry.tag}[${entry.pid}]: `);
  const text = syslogBytesOf(typeof entry.text === "string" ? encoder.encode(entry.text) : entry.text);
  const datagram = new Uint8Array(head.length + text.length);
  datagram.set(head);
  datagram.set(text, head.length);
  return datagram;
}

/** `Nov  2 09:05:07`, local time. */
function syslogStampOf(at: WallTime): string {
  const date = new Date(at);
  const day = String(date.getDate()).padStart(2, " ");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return `${MONTHS[date.getMonth()]} ${day} ${time.join(":")}`;
}
