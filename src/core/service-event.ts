import type { Exit } from "./exit.ts";
import type { SignalName } from "./signal-names.ts";

/** What a service is told. Asked: somebody wants it. Past tense: it has happened. */
export type ServiceEvent =
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
  /** Processes of a dead predecessor of this supervisor were found; `pid` is the main one, null if only others are left. */
  | { readonly tag: "found-running"; readonly pid: number | null };

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
  /** Processes are left running on purpose: name them in the log. */
  | { readonly tag: "leave-rest" }
  /** It ended within a moment of a relayed SIGHUP. */
  | { readonly tag: "note-ended-by-relay" }
  /** Something survived SIGKILL: name it in the log. */
  | { readonly tag: "report-unkillable" }
  | { readonly tag: "end-supervisor"; readonly code: number };
