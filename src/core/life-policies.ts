/* What a definition says of the life of a service beyond its process: links, readiness, health, sockets, hooks, times. */
import type { Millis } from "./units.ts";

export interface Requirement {
  readonly name: string;
  /** true: this is restarted when the requirement has ended and is started again by itself. */
  readonly restartWith: boolean;
}

/** Something that is asked again and again from outside. */
export type Check =
  /** Accepts a connection. */
  | { readonly tag: "tcp"; readonly host: string; readonly port: number }
  /** Answers with a status from 200 to 399; http only. */
  | { readonly tag: "http"; readonly url: string }
  /** Exits 0; runs in the surroundings of the service. */
  | { readonly tag: "command"; readonly command: readonly string[] };

export type ReadyMethod =
  | Check
  /** READY=1 over NOTIFY_SOCKET (sd_notify(3)). */
  | { readonly tag: "notify" }
  /** A newline on this descriptor of the service, 3 or more (s6). */
  | { readonly tag: "fd"; readonly fd: number }
  /** A line of its output matches this regular expression (JavaScript's, flag u). */
  | { readonly tag: "log"; readonly pattern: string };

export interface ReadyPolicy {
  readonly method: ReadyMethod;
  /** After this a start has failed. */
  readonly timeout: Millis;
  /** Between two checks. */
  readonly interval: Millis;
}

export interface HealthPolicy {
  readonly check: Check;
  /** From the end of one check to the beginning of the next. */
  readonly interval: Millis;
  /** After this a check has failed, and is ended with all its children. */
  readonly timeout: Millis;
  /** Failed checks in a row before it acts. */
  readonly failures: number;
  /** Good checks in a row after which it is healthy again. */
  readonly successes: number;
  /** Failed checks do not count for so long after it came up, or until the first good one. */
  readonly startPeriod: Millis;
  readonly action: "restart" | "stop" | "report";
}

export interface WatchdogPolicy {
  /** Between two WATCHDOG=1. */
  readonly timeout: Millis;
}

/** main: the main process; exec: also hooks and commands that run for the service; all: whatever belongs to it. */
export type NotifyAccess = "none" | "main" | "exec" | "all";

export interface DescriptorStorePolicy {
  readonly max: number;
  /** restart: kept over restarts; always: also while the service is down. */
  readonly keep: "restart" | "always";
}

export interface SocketPolicy {
  /** As in LISTEN_FDNAMES. */
  readonly name: string;
  readonly listen: ListenAddress;
  readonly backlog: number;
  readonly reusePort: boolean;
  /** For a Unix socket; null as owner or group: the supervisor's own. */
  readonly mode: number;
  readonly owner: string | null;
  readonly group: string | null;
  /** true: the service is started at the first connection or datagram. */
  readonly onDemand: boolean;
}

export type ListenAddress =
  /** host: an IPv4 or IPv6 address. */
  | { readonly tag: "tcp" | "udp"; readonly host: string; readonly port: number }
  /** path: absolute. */
  | { readonly tag: "unix" | "unix-datagram"; readonly path: string };

export interface Hook {
  readonly command: readonly string[];
  readonly timeout: Millis;
}

export const HOOK_NAMES = ["before_start", "after_start", "before_stop", "after_stop"] as const;
export type HookName = (typeof HOOK_NAMES)[number];

export interface HookPolicies {
  readonly beforeStart: Hook | null;
  readonly afterStart: Hook | null;
  readonly beforeStop: Hook | null;
  readonly afterStop: Hook | null;
  readonly onFailure:
    { readonly tag: "command"; readonly hook: Hook } | { readonly tag: "start"; readonly service: string } | null;
}

/** Paths are absolute. All of it must hold, else the service is not started. */
export interface ConditionPolicy {
  readonly pathExists: readonly string[];
  readonly pathMissing: readonly string[];
  readonly fileNotEmpty: readonly string[];
  readonly directoryNotEmpty: readonly string[];
  /** Patterns of names as `start` takes them; one of them must match the host name; empty: any host. */
  readonly host: readonly string[];
}

/** Exactly one of cron and every is not null. */
export interface SchedulePolicy {
  /** Five fields: minute, hour, day of month, month, day of week; or a nickname such as @daily. */
  readonly cron: string | null;
  readonly every: Millis | null;
  /** An IANA name; null: that of the machine. For cron. */
  readonly timezone: string | null;
  /** Each run is put off by a chance time up to this. */
  readonly jitter: Millis;
  /** true: a run that was missed while nothing ran is made up for, once. */
  readonly catchUp: boolean;
  /** What becomes of a run that is due while the one before is still at work. */
  readonly overlap: "skip" | "queue";
}

export interface WatchPolicy {
  /** Absolute; what is below a directory counts as well. */
  readonly paths: readonly string[];
  /** So long nothing more must have changed. */
  readonly debounce: Millis;
  readonly action: "restart" | "reload";
}

export const NO_HOOKS: HookPolicies = {
  beforeStart: null,
  afterStart: null,
  beforeStop: null,
  afterStop: null,
  onFailure: null,
};
