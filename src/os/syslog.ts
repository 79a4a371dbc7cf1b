import { dlopen } from "bun:ffi";
import { SYSLOG_FACILITIES, SYSLOG_SEVERITIES, type SyslogFacility, type SyslogSeverity } from "../core/log-policy.ts";

/** Options of openlog(3), by their names without LOG_; the numbers are those of <syslog.h>. */
const SYSLOG_OPTIONS = {
  /** Every message carries our process number. */
  pid: 0x01,
  /** A message that the daemon does not take goes to the console. */
  cons: 0x02,
  /** The connection is made at once, not with the first message. */
  ndelay: 0x08,
  /** Every message goes to standard error as well. */
  perror: 0x20,
} as const;

export type SyslogOption = keyof typeof SYSLOG_OPTIONS;

export interface SyslogOpening {
  /** The name that every message begins with. */
  readonly ident: string;
  readonly facility: SyslogFacility;
  readonly options: readonly SyslogOption[];
}

/** Where the syslog daemon of the machine listens. */
export const SYSLOG_SOCKET_PATH = "/dev/log";

const libc = dlopen("libc.so.6", {
  // char *strdup(const char *s);
  strdup: { args: ["cstring"], returns: "ptr" },
  // void openlog(const char *ident, int option, int facility);
  openlog: { args: ["ptr", "i32", "i32"], returns: "void" },
  // void syslog(int priority, const char *format, ...);
  syslog: { args: ["i32", "cstring", "cstring"], returns: "void" },
  // void closelog(void);
  closelog: { args: [], returns: "void" },
  // int setlogmask(int mask);
  setlogmask: { args: ["i32"], returns: "i32" },
} as const);

// libc keeps this pointer for as long as the process lives, which may be longer than the thread that gave it: so it points
// to memory that nobody frees, once for each name.
const idents = new Map<string, ReturnType<typeof libc.symbols.strdup>>();

function identOf(name: string): ReturnType<typeof libc.symbols.strdup> {
  const ident = idents.get(name) ?? libc.symbols.strdup(name);
  idents.set(name, ident);
  return ident;
}

/**
 * Says under which name and facility the messages of this process go out from now on. The settings belong to the whole
 * process, not to the thread. Nothing is reported if no daemon listens: libc tries again with each message.
 */
export function openSyslog(opening: SyslogOpening): void {
  const ident = identOf(opening.ident);
  const options = opening.options.reduce((bits, option) => bits | SYSLOG_OPTIONS[option], 0);
  libc.symbols.openlog(ident, options, facilityBitsOf(opening.facility));
}

/**
 * Sends one message. **Blocks for as long as the daemon behind /dev/log does not read**, for ever if need be; so it is
 * called only on a thread that may stand still. Text ends at a NUL; control characters are the caller's business.
 */
export function writeSyslog(severity: SyslogSeverity, text: string): void {
  libc.symbols.syslog(SYSLOG_SEVERITIES.indexOf(severity), "%s", text);
}

/** From now on libc passes over what is less severe than `severity`. */
export function limitSyslog(severity: SyslogSeverity): void {
  const upTo = (1 << (SYSLOG_SEVERITIES.indexOf(severity) + 1)) - 1;
  libc.symbols.setlogmask(upTo);
}

/** Closes the connection to the daemon; the next message opens it again. */
export function closeSyslog(): void {
  libc.symbols.closelog();
}

function facilityBitsOf(facility: SyslogFacility): number {
  return SYSLOG_FACILITIES[facility] << 3;
}
