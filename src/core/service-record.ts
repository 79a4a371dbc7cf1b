import type { Definition } from "./definition.ts";
import type { Exit } from "./exit.ts";
import type { PlainData } from "./plain-data.ts";
import { type ServiceState, deadlineOf, endsForGood, hasNoProcess, mainPidOf } from "./service-state.ts";
import type { Instant, WallTime } from "./units.ts";

/** A start of some kind. `byHand`: what an operator has stopped is started for it as well. */
export interface Asked {
  readonly how: "start-asked" | "enable-asked" | "restart-asked";
  readonly byHand: boolean;
}

/** Everything that is known of one service, apart from its processes. Plain data, so that it can be written down. */
export interface ServiceRecord {
  /** What the current run was started with; what the next one will be started with unless `next` says otherwise. */
  readonly definition: Definition;
  /** A newer definition that takes effect once the current run has ended. */
  readonly next: Definition | null;
  readonly state: ServiceState;
  /** When it entered its public state. */
  readonly since: WallTime;
  readonly want: "up" | "down";
  /** What it has been asked, while others that require it have to stop first; null: nothing. */
  readonly held: "stop-asked" | "restart-asked" | "hold-asked" | null;
  /** What it has been asked, and not been told yet; null: nothing. A successor asks it again. */
  readonly asked: Asked | null;
  /** By its [health] checks; null: it has none, or does not run. */
  readonly health: "starting" | "healthy" | "unhealthy" | null;
  /** What it says of itself, or null. */
  readonly status: string | null;
  /** true: it is reading its configuration again, as it says itself. */
  readonly reloading: boolean;
  /** When its schedule will start it. */
  readonly dueAt: WallTime | null;
  /** true: an operator decided what is wanted, not the definition's `start`. */
  readonly wantedByHand: boolean;
  /** Automatic restarts since the last manual start. */
  readonly restarts: number;
  readonly lastExit: { readonly at: WallTime; readonly exit: Exit; readonly reason: string } | null;
  /** When the current main process was started; kept while it runs. */
  readonly startedAt: Instant | null;
  /** true: it is to be forgotten once nothing of it is left. */
  readonly removed: boolean;
  /** true: its definition has changed since it was done, and it is not run again by itself. */
  readonly stale: boolean;
  /** true: it ended soon after a relayed SIGHUP, which is therefore not relayed to it any more. */
  readonly endsOnRelay: boolean;
  /** Something worth knowing that its state does not tell; null: nothing. */
  readonly note: string | null;
  /**
   * What those who accompany the service would tell a successor of this supervisor, each under a word of its own. Nobody else
   * goes by it.
   */
  readonly beside: Readonly<Record<string, PlainData>>;
}

/** What nothing has happened to yet. */
export const AT_FIRST: Omit<ServiceRecord, "definition" | "next" | "state" | "since" | "want"> = {
  held: null,
  asked: null,
  health: null,
  status: null,
  reloading: false,
  dueAt: null,
  wantedByHand: false,
  restarts: 0,
  lastExit: null,
  startedAt: null,
  removed: false,
  stale: false,
  endsOnRelay: false,
  note: null,
  beside: {},
};

export function newRecord(definition: Definition, since: WallTime): ServiceRecord {
  return {
    definition,
    next: null,
    state: { tag: "down", why: "never-started" },
    since,
    want: "down",
    ...AT_FIRST,
  };
}

/** Holds over all runs, until the definition says what is wanted. */
const ENDS_ON_RELAY = "it ended when SIGHUP was relayed to it; it is not relayed to it again until [reload] is written";

/** Why the service is where it is, for a person; null when its state says it all. */
export function messageOf(record: ServiceRecord): string | null {
  const { state } = record;
  if (record.held !== null && !hasNoProcess(state)) return "waits until those that require it have stopped";
  switch (state.tag) {
    case "waiting":
      return state.reason === "" ? WAITING_WORDS[state.on] : state.reason;
    case "preparing":
      return PREPARING_WORDS[state.doing];
    case "leaving":
      return "its before_stop hook is at work";
    case "cleaning":
      return "its after_stop hook is at work";
    case "failed":
      return state.reason;
    case "backoff":
      return state.reason;
    case "stuck":
      return record.note ?? "a process of it cannot be killed";
    case "execing":
      return `exec of pid ${state.pid} has not returned yet`;
    case "naming":
      return `waiting for "${record.definition.pidFile ?? ""}" to name its main process`;
    case "stopping":
      if (state.afterwards.tag === "judge-exit" && state.force === "asked")
        return `it says that it is stopping, waiting for pid ${state.pid}`;
      return state.force === "asked"
        ? `asked to stop, waiting for pid ${state.pid}`
        : `killed, waiting for pid ${state.pid} to go`;
    case "sweeping":
      return "its main process has ended, waiting for the others of it";
    case "starting":
      return record.note ?? STARTING_WORDS[state.phase];
    case "down":
      return state.why === "condition" ? state.reason : (record.note ?? offWordsOf(record));
    case "up":
    case "done":
    case "launching":
      return record.note ?? (record.endsOnRelay && record.definition.reload.action === "signal" ? ENDS_ON_RELAY : null);
  }
}

/** A schedule that nobody has turned on looks like one that is forgotten. */
function offWordsOf({ definition, want }: ServiceRecord): string | null {
  return definition.schedule !== null && want === "down" ? "its schedule is off until it is started" : null;
}

const WAITING_WORDS = { others: null, schedule: null, socket: "starts at the first connection" } as const;
/** Begins the note on a service that is waited for: "not ready yet: connection refused". */
export const NOT_READY = "not ready yet";

const PREPARING_WORDS = {
  look: "its conditions and the files of its environment are being looked at",
  hook: "its before_start hook is at work",
  read: "the files of its environment are being read",
} as const;

const STARTING_WORDS = {
  work: null,
  fork: "waiting for the started process to exit",
  ready: NOT_READY,
  hook: "its after_start hook is at work",
} as const;

/** true if it is to be told that its deadline has passed. One that was posted may be overtaken by another event of the same turn. */
export function isDeadlineOver({ state }: ServiceRecord, now: Instant): boolean {
  const deadline = deadlineOf(state);
  return deadline !== null && deadline <= now;
}

/** The pid that operators see, or null. */
export function pidOf(record: ServiceRecord): number | null {
  return mainPidOf(record.state);
}

/**
 * Where a shutdown had begun that nobody finished. true: it has ended, or is about to, although it is to run, as after any start.
 * Without a shutdown that says nothing: it may have been killed by hand, stopped for its health, or not be called any more.
 */
export function isEndedByShutdown({ want, state, held, asked }: ServiceRecord): boolean {
  if (want !== "up" || asked !== null) return false;
  return held === "stop-asked" || endsForGood(state) || (state.tag === "down" && state.why === "stopped");
}
