/*
 * One service as a tagged union: what it is, kept apart from what is wanted of it (that is in the fleet's record).
 *
 *   down ──> waiting ──> preparing ──> launching ──> execing ──> starting ──> naming ──> up
 *            (others,     (before_                   (exec        (not ready,  (forking: waits
 *             schedule,    start)                     pending)     after_start) for the pid file)
 *             socket)
 *   backoff <── judged <── cleaning <── sweeping <── stopping <── leaving      stuck: survived SIGKILL
 *     done                 (after_      (main gone,   (asked,      (before_
 *     failed                stop)        others left)  then killed) stop)
 *
 * Each variant carries only what it needs, its deadline included. A process of the service can exist in execing,
 * starting, up, leaving and stopping (a main process), and in naming, sweeping and stuck (others); in no other state, and
 * so a start from any other state can never make a second one. A hook is a command beside the service, and none of these.
 */
import type { StopPolicy } from "./definition.ts";
import type { Exit, RunResult } from "./exit.ts";
import type { PublicState } from "./service-view.ts";
import type { Instant, Millis } from "./units.ts";

/** What a series of runs hands on from one to the next. */
export interface Streak {
  /** Runs in a row that were shorter than the policy's reset_after. */
  readonly failures: number;
  /** When automatic restarts happened, oldest first; no more of them than the policy's limit needs. */
  readonly restartedAt: readonly Instant[];
}

export const FRESH_STREAK: Streak = { failures: 0, restartedAt: [] };

/** A run of a main process that has ended. */
export interface Ending {
  readonly exit: Exit | null;
  readonly result: RunResult;
  readonly length: Millis;
  /** For a person: "exited 1", "exec failed: ENOENT: /usr/bin/wbe". */
  readonly reason: string;
}

/** What comes after the last process of the service has gone. */
export type Afterwards =
  | { readonly tag: "rest" }
  | { readonly tag: "start-anew" }
  /** As start-anew, but a schedule or a socket is waited for. */
  | { readonly tag: "enable" }
  /** It said itself that it was about to end: how it does so decides. */
  | { readonly tag: "judge-exit" }
  /** It ended, or had to be ended, without being asked to: the restart policy decides. */
  | { readonly tag: "judge"; readonly ending: Ending }
  /** It ends in `failed` whatever the policy says. */
  | { readonly tag: "fail"; readonly reason: string };

/** How far ending it has gone: asked by the stop signal or command; killed because it did not follow; or killed at once. */
export type Force = "asked" | "overdue" | "killed";

export type ServiceState =
  | { readonly tag: "down"; readonly why: "never-started" | "stopped" | "reset" }
  | { readonly tag: "down"; readonly why: "condition"; readonly reason: string }
  /** Wanted, but something is in its way: other services, or the time has not come, or nobody has connected yet. */
  | {
      readonly tag: "waiting";
      readonly streak: Streak;
      /** true: the start that is held back is an automatic restart. */
      readonly automatic: boolean;
      readonly on: "others" | "schedule" | "socket";
      /** For a person; empty: there is nothing to say. */
      readonly reason: string;
      /** true: what it waits for is on its way. */
      readonly pending: boolean;
    }
  /**
   * No process of it exists yet. look: its conditions and the files that its environment comes from are looked at; hook: its
   * before_start hook is at work; read: the files are read once more, as the hook may have written them.
   */
  | {
      readonly tag: "preparing";
      readonly doing: "look" | "hook" | "read";
      readonly streak: Streak;
      readonly automatic: boolean;
      readonly startedAt: Instant;
      /** What follows once the hook has been ended; null: the start goes on. Looking is not waited for, it is just given up. */
      readonly afterwards: Afterwards | null;
    }
  /** The spawn is being carried out; its result arrives before anything else can happen. */
  | {
      readonly tag: "launching";
      readonly streak: Streak;
      readonly automatic: boolean;
      readonly startedAt: Instant;
    }
  /** The process exists, but exec has not returned: it hangs, or somebody has stopped it. */
  | {
      readonly tag: "execing";
      readonly streak: Streak;
      readonly startedAt: Instant;
      readonly pid: number;
      readonly killAt: Instant;
    }
  /**
   * Its process runs, but it is not up. work: a oneshot, no deadline; fork: the starter of a forking service; ready: it is not
   * ready yet; hook: its after_start hook is at work, no deadline.
   */
  | {
      readonly tag: "starting";
      readonly phase: "work" | "fork" | "ready" | "hook";
      readonly streak: Streak;
      readonly startedAt: Instant;
      readonly pid: number;
      readonly readyBy: Instant | null;
    }
  /** Forking: the starter has gone with success, the pid file does not name the main process yet. */
  | { readonly tag: "naming"; readonly streak: Streak; readonly startedAt: Instant; readonly readyBy: Instant }
  | {
      readonly tag: "up";
      readonly streak: Streak;
      readonly startedAt: Instant;
      readonly pid: number;
      /** When SIGHUP was last passed on to it. */
      readonly relayedAt: Instant | null;
    }
  /** It is to be ended, and its before_stop hook is at work. */
  | {
      readonly tag: "leaving";
      readonly streak: Streak;
      readonly startedAt: Instant;
      readonly pid: number;
      readonly afterwards: Afterwards;
    }
  | {
      readonly tag: "stopping";
      readonly streak: Streak;
      readonly startedAt: Instant;
      readonly pid: number;
      /** Who is being ended. As the definition says, but for a forking service that is not up yet: that is ended whole. */
      readonly scope: StopPolicy["scope"];
      readonly force: Force;
      readonly until: Instant;
      readonly afterwards: Afterwards;
    }
  | {
      readonly tag: "sweeping";
      readonly streak: Streak;
      readonly force: Force;
      readonly until: Instant;
      readonly afterwards: Afterwards;
    }
  | {
      readonly tag: "stuck";
      readonly streak: Streak;
      readonly scope: StopPolicy["scope"];
      readonly afterwards: Afterwards;
    }
  /** Nothing of it is left, and its after_stop hook is at work. */
  | { readonly tag: "cleaning"; readonly streak: Streak; readonly afterwards: Afterwards }
  | { readonly tag: "backoff"; readonly streak: Streak; readonly retryAt: Instant; readonly reason: string }
  | { readonly tag: "done" }
  | { readonly tag: "failed"; readonly reason: string };

export const PUBLIC_STATE_OF: Readonly<Record<ServiceState["tag"], PublicState>> = {
  down: "down",
  waiting: "waiting",
  preparing: "starting",
  launching: "starting",
  execing: "starting",
  starting: "starting",
  naming: "starting",
  up: "up",
  leaving: "stopping",
  stopping: "stopping",
  sweeping: "stopping",
  cleaning: "stopping",
  stuck: "failed",
  backoff: "backoff",
  done: "done",
  failed: "failed",
};

/** The main process, or null in the states that have none. */
export function mainPidOf(state: ServiceState): number | null {
  switch (state.tag) {
    case "execing":
    case "starting":
    case "up":
    case "leaving":
    case "stopping":
      return state.pid;
    case "down":
    case "waiting":
    case "preparing":
    case "launching":
    case "naming":
    case "sweeping":
    case "cleaning":
    case "stuck":
    case "backoff":
    case "done":
    case "failed":
      return null;
  }
}

/** When the state wants to hear that time has passed; null: never. */
export function deadlineOf(state: ServiceState): Instant | null {
  switch (state.tag) {
    case "execing":
      return state.killAt;
    case "starting":
    case "naming":
      return state.readyBy;
    case "stopping":
    case "sweeping":
      return state.until;
    case "backoff":
      return state.retryAt;
    case "down":
    case "waiting":
    case "preparing":
    case "launching":
    case "up":
    case "leaving":
    case "cleaning":
    case "stuck":
    case "done":
    case "failed":
      return null;
  }
}

/** true: no process of the service exists, and none is about to. */
export function isAtRest(state: ServiceState): boolean {
  return state.tag === "down" || state.tag === "done" || state.tag === "failed";
}

/** true: it has not been started yet. */
export function isUntouched(state: ServiceState): boolean {
  return state.tag === "down" && state.why === "never-started";
}

/** true: it is being ended, and nothing follows. */
export function endsForGood(state: ServiceState): boolean {
  return "afterwards" in state && state.afterwards?.tag === "rest";
}

/** true: no process of the service exists, nor a hook of it. */
export function hasNoProcess(state: ServiceState): boolean {
  return isAtRest(state) || state.tag === "backoff" || state.tag === "waiting";
}

/** true: what requires it may run. */
export function isReady(state: ServiceState): boolean {
  return state.tag === "up" || state.tag === "done";
}

/** true: it is being ended. */
export function isEnding(state: ServiceState): boolean {
  return state.tag === "leaving" || state.tag === "stopping" || state.tag === "sweeping" || state.tag === "cleaning";
}

/** true: its start is at work. */
export function isStarting(state: ServiceState): boolean {
  return PUBLIC_STATE_OF[state.tag] === "starting";
}
