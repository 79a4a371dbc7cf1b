/** The states that an operator sees. */
export const PUBLIC_STATES = ["down", "waiting", "starting", "up", "stopping", "backoff", "done", "failed"] as const;
export type PublicState = (typeof PUBLIC_STATES)[number];

/** One service as the control interface shows it. Times are ISO 8601 UTC. Fields without a value are null, never absent. */
export interface ServiceView {
  readonly name: string;
  readonly description: string;
  readonly type: "simple" | "oneshot" | "forking";
  readonly state: PublicState;
  readonly want: "up" | "down";
  readonly ready: boolean;
  readonly pid: number | null;
  /** When it entered its state. */
  readonly since: string;
  /** How long the main process has run; null without one. */
  readonly uptime_ms: number | null;
  /** Automatic restarts since the last manual start. */
  readonly restarts: number;
  readonly last_exit: LastExitView | null;
  /** When it will be started by itself: in `backoff`, or by its schedule. */
  readonly next_start: string | null;
  /** What the service says of itself; null until it can. */
  readonly status: string | null;
  /** "starting", "healthy" or "unhealthy"; null: it has no checks, or is not up. */
  readonly health: string | null;
  /** What the last check has found: "answered 503", "exited 1: no such table"; kept until the next run is up. */
  readonly health_detail: string | null;
  /** The last of what that check said, at most 4 KiB: the output of a command, the body of an answer. */
  readonly health_output: string | null;
  /** true: what runs differs from what stands on the disk. */
  readonly stale: boolean;
  /** In what way, and what helps. */
  readonly stale_detail: string | null;
  /** true: up or done, or not meant to run now: it waits for its schedule or the first connection, or its condition is not met. */
  readonly well: boolean;
  /** Why it is in this state, for a person; null when there is nothing to say. */
  readonly message: string | null;
}

export interface LastExitView {
  readonly at: string;
  readonly code: number | null;
  readonly signal: string | null;
  /** In words: "exited 1", "killed by SIGSEGV (core dumped)", "did not stop within 10s: killed by SIGKILL". */
  readonly reason: string;
}

/**
 * What an event may be. replaced, upgrade: of the supervisor itself, by another one after its death, and by another version;
 * missed: some events are not told.
 */
export const EVENT_KINDS = [
  "state",
  "exit",
  "reload",
  "relay",
  "removed",
  "shutdown",
  "problem",
  "left",
  "health",
  "missed",
  "replaced",
  "upgrade",
] as const;

/** Something that happened, as the event stream tells it: one JSON object a line. */
export interface EventView {
  /** Counts up from 1 in the life of a supervisor. */
  readonly number: number;
  readonly at: string;
  /** null: concerns the supervisor itself. */
  readonly service: string | null;
  readonly event: (typeof EVENT_KINDS)[number];
  /** With "state": the state entered. */
  readonly state: PublicState | null;
  readonly previous: PublicState | null;
  readonly pid: number | null;
  readonly message: string | null;
}
