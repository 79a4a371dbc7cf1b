import type { SyslogFacility, SyslogSeverity } from "../core/log-policy.ts";

/** Under which name, facility and options the supervisor's own messages go out, and how severe they must be. */
export interface SyslogSettings {
  readonly ident: string;
  readonly facility: SyslogFacility;
  readonly options: readonly ("pid" | "cons" | "ndelay" | "perror")[];
  /** What is less severe is not sent. */
  readonly level: SyslogSeverity;
}

export interface SyslogMessage {
  readonly severity: SyslogSeverity;
  readonly text: string;
}

/** What the main thread says to the syslog Worker. */
export type ToSyslog =
  /** The first thing a Worker hears. `progress` is an Int32Array with a place for each of PROGRESS. */
  | { readonly tag: "begin"; readonly settings: SyslogSettings; readonly progress: SharedArrayBuffer }
  | { readonly tag: "configure"; readonly settings: SyslogSettings }
  | { readonly tag: "messages"; readonly messages: readonly SyslogMessage[] }
  /** Answer `flushed` once everything before this was given to syslog. */
  | { readonly tag: "flush"; readonly token: number };

/** What the syslog Worker says to the main thread. It speaks only when it was asked to: otherwise it would wake it up. */
export type FromSyslog =
  | { readonly tag: "flushed"; readonly token: number }
  /** Some messages were given to syslog since the main thread put a 1 at `tellRoom`. */
  | { readonly tag: "room" };

/** Places in the memory that both threads see. */
export const PROGRESS = {
  /** How many messages this Worker has begun to give to syslog. */
  begun: 0,
  /** How many it has given to syslog; lower by one than `begun` while syslog blocks. */
  done: 1,
  /** 1: say `room` after the next messages, and put it back to 0. */
  tellRoom: 2,
} as const;

/** In bytes. */
export const PROGRESS_SIZE = 3 * Int32Array.BYTES_PER_ELEMENT;
