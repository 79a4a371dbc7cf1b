import type { EventView, ServiceView } from "../core/service-view.ts";
import type { SignalName } from "../core/signal-names.ts";
import type { Millis } from "../core/units.ts";

export type Verb = "start" | "stop" | "restart" | "reload" | "reset";

export interface AskOptions {
  /** false: answer as soon as the request is taken. */
  readonly wait: boolean;
  /** null: wait until it is decided, or until the first failure of the attempt. */
  readonly timeout: Millis | null;
}

/** How a request ended. `message` is the bare reason, or what is worth knowing: the client says of what. */
export type Outcome =
  | { readonly tag: "done"; readonly message: string | null }
  | { readonly tag: "failed"; readonly message: string }
  | { readonly tag: "overtaken"; readonly message: string }
  | { readonly tag: "timed-out"; readonly message: string }
  | { readonly tag: "no-such-service"; readonly message: string };

export type ReloadOutcome =
  | {
      readonly tag: "applied";
      readonly difference: Difference;
      readonly relayed: readonly string[];
      readonly notes: readonly string[];
    }
  /** Every problem, rendered as `check` prints it. Nothing was changed, nothing relayed. */
  | { readonly tag: "invalid"; readonly problems: readonly string[] }
  | { readonly tag: "refused"; readonly message: string };

/** Names of services, by what a reload does to them. */
export interface Difference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly adjusted: readonly string[];
  readonly unchanged: readonly string[];
}

export interface LogLine {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly service: string;
  readonly stream: "stdout" | "stderr";
  readonly pid: number;
  readonly text: string;
}

export interface VersionView {
  readonly version: string;
  readonly pid: number;
  readonly since: string;
  readonly config: string;
  readonly services: number;
}

/** What the control server needs from the supervisor. Nothing here blocks; promises end when the thing is decided. */
export interface ControlPort {
  version(): VersionView;
  /** In the order of their names. */
  services(): readonly ServiceView[];
  service(name: string): ServiceView | null;
  ask(name: string, verb: Verb, options: AskOptions): Promise<Outcome>;
  signal(name: string, signal: SignalName): Outcome;
  reload(dryRun: boolean): Promise<ReloadOutcome>;
  /** Begins the orderly shutdown; answers before it is over. */
  shutdown(): Outcome;
  /** The last `count` lines of a service's output, oldest first; null if there is no such service. */
  logs(name: string, count: number): Promise<readonly LogLine[]> | null;
  /** Calls `listen` for every line of the service's output from now on, until the returned function is called. */
  follow(name: string, listen: (line: LogLine) => void): () => void;
  /** Calls `listen` for every event from now on, until the returned function is called. */
  subscribe(listen: (event: EventView) => void): () => void;
}
