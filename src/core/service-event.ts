import type { Exit } from "./exit.ts";
import type { Gate } from "./gate.ts";
import type { HookName } from "./life-policies.ts";
import type { Ending } from "./service-state.ts";
import type { SignalName } from "./signal-names.ts";
import type { Millis } from "./units.ts";

/** What a service is told. Asked: somebody wants it. Past tense: it has happened. */
export type ServiceEvent = RunEvent | LifeEvent;

/** What concerns the run itself: every state answers to each of them. */
export type RunEvent =
  | { readonly tag: "start-asked" }
  | { readonly tag: "stop-asked" }
  | { readonly tag: "restart-asked" }
  | { readonly tag: "reset-asked" }
  | { readonly tag: "reload-asked" }
  /** End everything of it now, without asking it first. */
  | { readonly tag: "kill-asked" }
  | { readonly tag: "spawned"; readonly pid: number }
  | { readonly tag: "exec-pending"; readonly pid: number }
  /** No process came of it, or the one whose exec was pending is gone and reaped: no exit follows. */
  | { readonly tag: "spawn-failed"; readonly reason: string }
  /** The machine lacks what the definition needs, as found when the definition was loaded. */
  | { readonly tag: "found-unfit"; readonly reason: string }
  /** The main process ended; `survivors` processes of the service are left. */
  | { readonly tag: "exited"; readonly exit: Exit; readonly survivors: number }
  /** The pid file names a live process of this service. */
  | { readonly tag: "named"; readonly pid: number }
  /** The reload signal was sent to the main process, not withheld from it. */
  | { readonly tag: "relayed" }
  /** Nothing of the service is left. */
  | { readonly tag: "emptied" }
  | { readonly tag: "stop-command-failed" }
  | { readonly tag: "deadline-passed" }
  /** It is to run from now on, by its schedule or at the first connection if it has such. */
  | { readonly tag: "enable-asked" }
  /** It has to make way for something that it requires: end it, and start it again once that is ready. */
  | { readonly tag: "hold-asked" };

/** What concerns some states only, and may always arrive a moment late: the others pay no heed to it. */
export type LifeEvent =
  /** Why it may not start yet has changed; null: nothing is in its way any more. */
  | { readonly tag: "gate"; readonly gate: Gate | null }
  /** Its schedule says so. */
  | { readonly tag: "due" }
  /** Somebody has connected to a socket of it. */
  | { readonly tag: "demanded" }
  /** What it is started from has been looked at, its conditions are met. */
  | { readonly tag: "looked" }
  | { readonly tag: "condition-unmet"; readonly reason: string }
  /** `failure` is a clause: "exited 3", "took longer than 10s"; null: it succeeded. */
  | { readonly tag: "hook-ended"; readonly hook: HookName; readonly failure: string | null }
  /** Its method of readiness has been satisfied. */
  | { readonly tag: "ready" }
  /** It says that another process of it is the main one (MAINPID). */
  | { readonly tag: "main-changed"; readonly pid: number }
  /** It says that it is ending (STOPPING=1). */
  | { readonly tag: "says-stopping" }
  /** It asks for more time for what it is doing (EXTEND_TIMEOUT_USEC): so much from now. */
  | { readonly tag: "extend-timeout"; readonly by: Millis }
  /** `timeout`: so long no ping has come; null: it asked for this itself. */
  | { readonly tag: "watchdog-missed"; readonly timeout: Millis | null }
  /** It waits to be demanded, and that cannot be done any more. */
  | { readonly tag: "give-up"; readonly reason: string }
  /** So many checks of its health have failed in a row that it is to be restarted or stopped. */
  | { readonly tag: "unhealthy"; readonly action: "restart" | "stop"; readonly reason: string };

/** true: a run may follow from it, which is not to be while everything is being ended. */
export function asksForStart({ tag }: ServiceEvent): boolean {
  return STARTS.has(tag);
}

const STARTS: ReadonlySet<string> = new Set(["start-asked", "enable-asked", "restart-asked", "due", "demanded"]);

/** What the supervisor is to do for a service. */
export type ServiceAction =
  | { readonly tag: "spawn"; readonly automatic: boolean }
  | { readonly tag: "signal-main"; readonly pid: number; readonly signal: SignalName }
  /** To all that belongs to the service, SIGCONT after it. */
  | { readonly tag: "signal-all"; readonly signal: SignalName }
  | { readonly tag: "kill-main"; readonly pid: number }
  | { readonly tag: "kill-all" }
  | { readonly tag: "run-stop-command" }
  | { readonly tag: "run-reload-command" }
  | { readonly tag: "relay"; readonly pid: number; readonly signal: SignalName; readonly force: boolean }
  /** Carried out by the fleet itself: those that require it stop first. */
  | { readonly tag: "restart-in-order" }
  /** Read what its environment comes from, and see about its conditions unless `again`; `looked` or `condition-unmet` follows. */
  | { readonly tag: "look"; readonly again: boolean }
  /** Nobody wants to know any more. */
  | { readonly tag: "drop-look" }
  | { readonly tag: "run-hook"; readonly hook: HookName; readonly ending: Ending | null }
  /** End the hook that is at work; `hook-ended` follows as usual. */
  | { readonly tag: "kill-hook" }
  /** End the hook that is at work, and tell nothing of it. */
  | { readonly tag: "drop-hook" }
  /** A run has ended in failure, or none came of a start. */
  | { readonly tag: "tell-failure"; readonly ending: Ending }
  /** Processes are left running on purpose: name them in the log. */
  | { readonly tag: "leave-rest" }
  /** It ended within a moment of a relayed SIGHUP. */
  | { readonly tag: "note-ended-by-relay" }
  /** Something survived SIGKILL: name it in the log. */
  | { readonly tag: "report-unkillable" }
  | { readonly tag: "end-supervisor"; readonly code: number };

/** An event on its way to a service. */
export interface Letter {
  readonly service: string;
  readonly event: ServiceEvent;
}
