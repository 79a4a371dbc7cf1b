/* What a definition says of the output of a service: which sinks take its lines, which lines, and how they look there. */
import type { SignalName } from "./signal-names.ts";
import type { Millis } from "./units.ts";

export const SYSLOG_FACILITIES = {
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;
export type SyslogFacility = keyof typeof SYSLOG_FACILITIES;

/** Severities of syslog(3), most severe first: index = number. */
export const SYSLOG_SEVERITIES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;
export type SyslogSeverity = (typeof SYSLOG_SEVERITIES)[number];

export type Compression = "zstd" | "gzip";

/** When a log file is rotated, and what is kept of it. */
export interface RotationPolicy {
  /** In bytes. */
  readonly maxSize: number;
  /** The file is rotated when its first line is this old; null: at any age it stays. */
  readonly maxAge: Millis | null;
  /** Rotated files kept beside the current one. */
  readonly keep: number;
  /** Bytes that they may take together; null: any number. */
  readonly keepSize: number | null;
  /** They are removed when their last line is this old; null: never for their age. */
  readonly keepAge: Millis | null;
  /** null: they are left as they are. */
  readonly compress: Compression | null;
}

export type LogStream = "stdout" | "stderr";
export const LOG_STREAMS = ["stdout", "stderr"] as const satisfies readonly LogStream[];

/** Where the output of a service goes, every sink with all that concerns it. */
export interface LogPolicy {
  /** Empty: only the last lines are kept, in memory. */
  readonly sinks: readonly SinkPolicy[];
  /** Which lines of a stream make one record; null: each is one. */
  readonly multiline: Readonly<Record<LogStream, MultilinePolicy | null>>;
  /** true: a run has one pipe for both streams, and all of it counts as stdout. */
  readonly isJoined: boolean;
  /** The service writes its files itself: each stream has one, plain and with every line. null: they are written for it. */
  readonly direct: DirectPolicy | null;
}

/** How a file is rotated that a service writes itself. */
export interface DirectPolicy {
  /** It is moved away, and the main process is sent this, to open it anew; null: it is copied, and emptied. */
  readonly rotateSignal: SignalName | null;
}

/** Lines that belong together, such as those of a stack trace. */
export interface MultilinePolicy {
  /** A regular expression (JavaScript's, flag u); a line that matches begins a record, the others go on with it. */
  readonly start: string;
  /** A record ends at the latest with so many lines or bytes. */
  readonly lines: number;
  readonly bytes: number;
  /** And if so long no line follows. */
  readonly within: Millis;
}

export type SinkPolicy = FileSinkPolicy | SyslogSinkPolicy | RemoteSinkPolicy | ServiceSinkPolicy;

/** Which lines a sink takes. */
export interface LineFilter {
  /** Less severe lines are left out; "debug": none is. */
  readonly priority: SyslogSeverity;
  /** Regular expressions (JavaScript's, flag u), one of which must match; empty: any line. */
  readonly include: readonly string[];
  /** None of these may match. */
  readonly exclude: readonly string[];
  /** More lines than these are dropped and counted; null: any number is taken. */
  readonly rate: { readonly lines: number; readonly per: Millis } | null;
}

interface SinkBase {
  /** As `to` names it. */
  readonly name: string;
  /** Whose lines it takes; never empty. */
  readonly streams: readonly LogStream[];
  readonly filter: LineFilter;
}

/** How a line is written. */
export interface RecordFormat {
  readonly format: "plain" | "json";
  /** What stands before a plain line. */
  readonly stamp: "iso" | "unix" | "tai64n" | "none";
}

export interface FileSinkPolicy extends SinkBase, RecordFormat, RotationPolicy {
  readonly type: "file";
  /** Absolute; null: <log dir>/NAME.log. */
  readonly path: string | null;
  readonly feed: FileFeed;
}

/** How lines come to a file. */
export type FileFeed =
  /** Whoever reads the output writes the file: the service waits for it. */
  | { readonly tag: "block" }
  /** The service never waits: so many bytes may be on their way to whoever writes the file, and what has no room is dropped. */
  | { readonly tag: "drop"; readonly buffer: number }
  /** They have been on that way, and are in their format already. */
  | { readonly tag: "formatted" };

/** The syslog daemon of this machine. */
export interface SyslogSinkPolicy extends SinkBase {
  readonly type: "syslog";
  readonly facility: SyslogFacility;
}

/** block: the service waits for a file, and while the buffer of another sink that takes something is full; drop: it never does. */
export type WhenSlow = "block" | "drop";

/** A syslog server. */
export interface RemoteSinkPolicy extends SinkBase {
  readonly type: "remote";
  readonly server: LogServer;
  readonly facility: SyslogFacility;
  /** The application of RFC 5424; null: the name of the service. */
  readonly appName: string | null;
  /** Bytes that wait while the server is away or slow. */
  readonly buffer: number;
  readonly whenSlow: WhenSlow;
}

export interface LogServer {
  readonly protocol: "udp" | "tcp" | "tls";
  readonly host: string;
  readonly port: number;
  /** For TLS: absolute path of the certificates that are trusted; null: those that the system trusts. */
  readonly ca: string | null;
  /** For TLS: the name that its certificate must have; null: the host. */
  readonly serverName: string | null;
}

/** The standard input of a service. */
export interface ServiceSinkPolicy extends SinkBase, RecordFormat {
  readonly type: "service";
  readonly service: string;
  /** Bytes that wait while it does not read. */
  readonly buffer: number;
  readonly whenSlow: WhenSlow;
}

/** The supervisor's own log: its file, and where its lines go beside. */
export interface OwnLogPolicy extends RotationPolicy {
  readonly sinks: LogPolicy["sinks"];
}

/** The services that the output goes to. */
export function loggersOf({ sinks }: Pick<LogPolicy, "sinks">): readonly string[] {
  return [...new Set(sinks.flatMap((sink) => (sink.type === "service" ? [sink.service] : [])))];
}

/** Each line of both streams is a record. */
export const SINGLE_LINES: LogPolicy["multiline"] = { stdout: null, stderr: null };

/** The filter that lets everything through. */
export const EVERY_LINE: LineFilter = { priority: "debug", include: [], exclude: [], rate: null };

/** The files that a service writes, each with its path; `standard` is the path of one that has none of its own. */
export function logFilesOf(
  policy: LogPolicy,
  standard: string,
): readonly { readonly path: string; readonly sink: FileSinkPolicy }[] {
  return policy.sinks.filter((sink) => sink.type === "file").map((sink) => ({ path: sink.path ?? standard, sink }));
}
