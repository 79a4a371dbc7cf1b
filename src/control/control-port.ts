import type { Directories } from "../core/paths.ts";
import type { DetailsView } from "../core/details-view.ts";
import type { HistoryAnswer, HistoryQuestion } from "../core/history-view.ts";
import type { SyslogSeverity } from "../core/log-policy.ts";
import type { GraphView } from "../core/graph-view.ts";
import type { MetricsView } from "../core/metrics-view.ts";
import type { EventView, PublicState, ServiceView } from "../core/service-view.ts";
import type { SignalName } from "../core/signal-names.ts";
import type { Millis } from "../core/units.ts";
import type { UsageView } from "../core/usage-view.ts";
import type { UpgradeView } from "../core/upgrade.ts";

export type Verb = "start" | "stop" | "restart" | "reload" | "reset";

export interface AskOptions {
  /** false: answer as soon as the request is taken. */
  readonly wait: boolean;
  /** null: wait until it is decided, or until the first failure of the attempt. */
  readonly timeout: Millis | null;
  /** What the request is known by, should it come a second time. */
  readonly request?: string | null;
  /** Of a start: an instance that there is not is made only if it is of this type; null: whatever its type. */
  readonly type?: "oneshot" | null;
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
      /** Of a dry run: what would become of each service; otherwise empty. */
      readonly plan: readonly PlannedChange[];
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

export interface PlannedChange {
  readonly name: string;
  readonly change: keyof Difference;
  /** "would be restarted (pid 12)". */
  readonly effect: string;
}

/** How a template was scaled. Nothing was changed unless the tag is "scaled". */
export type ScaleOutcome =
  | {
      readonly tag: "scaled";
      readonly result: "done" | "failed" | "overtaken" | "timed-out";
      readonly added: readonly string[];
      readonly removed: readonly string[];
      /** All that there are now, in the order of their names. */
      readonly instances: readonly string[];
      /** What is worth knowing: why an instance is not up, which ones stay though they are not numbered. */
      readonly notes: readonly string[];
    }
  /** `template`: as it was understood; `known`: all that there are. */
  | { readonly tag: "no-such-template"; readonly template: string; readonly known: readonly string[] }
  | { readonly tag: "invalid"; readonly problems: readonly string[] }
  | { readonly tag: "refused"; readonly message: string };

export interface LogLine {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly service: string;
  readonly stream: "stdout" | "stderr";
  /** null: what holds the line does not tell. */
  readonly pid: number | null;
  readonly text: string;
}

/** A line of output out of wherever it is kept. null: what holds it does not tell. */
export interface OutputLine {
  /** ISO 8601 UTC, to the microsecond. */
  readonly at: string;
  readonly service: string;
  readonly stream: "stdout" | "stderr" | null;
  readonly pid: number | null;
  readonly priority: SyslogSeverity | null;
  readonly text: string;
  /** true: the line was too long, and this is its beginning. */
  readonly cut: boolean;
}

/** What is to be said beside the lines; `exit` is the status that a command ends with, 0 if it is no failure. */
export interface OutputNote {
  readonly note: string;
  readonly exit: number;
}

/** The first thing that is said: whose output it is. */
export interface OutputHead {
  readonly services: readonly string[];
}

export type OutputItem = OutputLine | OutputNote | OutputHead;

/** A run whose output is wanted. Times are microseconds since 1970, null where there is or is known none. */
export interface RunWish {
  readonly pid: number;
  readonly began: number;
  /** The run before it. */
  readonly endedBefore: number | null;
  readonly ended: number | null;
  /** The run after it. */
  readonly nextBegan: number | null;
}

export interface OutputWish {
  /** Each once, all of them known. */
  readonly names: readonly string[];
  /** true: a service of this name that is added while the output is followed is followed as well. */
  isWanted(name: string): boolean;
  readonly wishes: {
    /** A regular expression, flag u; whoever asks has seen to it that it is one. */
    readonly grep: { readonly pattern: string; readonly ignoreCase: boolean } | null;
    readonly priority: SyslogSeverity | null;
    readonly stream: "stdout" | "stderr" | null;
  };
  /** The last lines of each service; null: all. */
  readonly count: number | null;
  /** Microseconds since 1970, null for no bound; what is `until` then does not belong to it. */
  readonly window: { readonly since: number | null; readonly until: number | null };
  /** One run of each service that is named; null: all. */
  readonly runs: ReadonlyMap<string, RunWish> | null;
  /** true: nothing from before the start of this supervisor, or of the first of those that it goes on for. */
  readonly isThisBoot: boolean;
  readonly isFollowed: boolean;
  /** true: what was told before is asked for again, and only lines with times can be told from it. */
  readonly isResumed: boolean;
  /** What is to be said first. */
  readonly notes: readonly OutputNote[];
}

/** An answer that goes on: whether it is to end, and whom to tell when it has. */
export interface AnswerLife {
  readonly end: AbortSignal;
  over(): void;
}

export interface VersionView {
  readonly version: string;
  readonly pid: number;
  /** When this supervisor began. */
  readonly since: string;
  /** When the first of those began that went on one after the other up to this one. */
  readonly daemon_since: string;
  /** Since when they have been of this version. */
  readonly version_since: string;
  /** Which supervisor this is of all that there have ever been here. */
  readonly generation: number;
  /** How many have gone on for another one since `daemon_since`. */
  readonly replacements: number;
  readonly config: string;
  /** Absolute paths. */
  readonly directories: Directories;
  readonly services: number;
  /** The file that the supervisor was started from, absolute. */
  readonly binary: string;
  /** Who watches over it; null: nobody. `since`: when it began to be of this version. */
  readonly guardian: { readonly version: string; readonly pid: number; readonly since: string } | null;
  /** The last upgrade, of which this supervisor is the outcome, or which it has begun; null: there was none. */
  readonly upgrade: UpgradeView | null;
}

export type UpgradeOutcome =
  /** The new program is fit to take over, and the old one makes room for it. */
  | { readonly tag: "begun"; readonly upgrade: UpgradeView }
  /** Everything is as before; `message` is a whole sentence of our grammar. */
  | { readonly tag: "refused"; readonly message: string };

/** The events that a supervisor keeps, by their numbers. */
export interface EventRange {
  /** Tells this life of the supervisor from another one, which counts anew: lower case letters and digits. */
  readonly instance: string;
  /** The first that is still kept; one more than the newest if none is. */
  readonly oldest: number;
  /** 0: nothing has happened yet. */
  readonly newest: number;
}

export interface Unwell {
  readonly name: string;
  readonly state: PublicState;
  readonly message: string | null;
}

/** Whoever follows the output of a service. */
export interface LogFollower {
  /** Called once, before any line. */
  past(lines: readonly LogLine[]): void;
  line(line: LogLine): void;
}

/** What the control server needs from the supervisor. Nothing here blocks; promises end when the thing is decided. */
export interface ControlPort {
  /** An answer begins or is over: what it took of memory may be given back some time after. */
  answering(): void;
  version(): VersionView;
  /** In their order. */
  names(): readonly string[];
  /** true: a service has this name. */
  has(name: string): boolean;
  /** Of which there may be instances: "web" for the file web@.toml. */
  templates(): readonly string[];
  /** To be called before services are shown: looks whether their files have changed, of all or of one. Never rejects. */
  look(name: string | null): Promise<void>;
  /** In the order of their names; `isWanted`: only these. */
  services(isWanted?: (name: string) => boolean): readonly ServiceView[];
  service(name: string): ServiceView | null;
  /** What those services use of which something runs; empty if more than `most` are wanted. */
  usages(isWanted: (name: string) => boolean, most: number): readonly UsageView[];
  /** null: there is no such service. */
  details(name: string): DetailsView | null;
  graph(): GraphView;
  /** What is counted and measured; the same again for those who ask within a second. */
  metrics(): Promise<MetricsView>;
  /** Services that are wanted and not well, in the order of their names; `message`: why, as far as it is known. */
  unwell(): readonly Unwell[];
  ask(name: string, verb: Verb, options: AskOptions): Promise<Outcome>;
  /**
   * Asks the same of several services, all of them before anything follows from the first. The promise ends when that has
   * been done, those in it, one for each name in their order, when it is decided.
   */
  askAll(names: readonly string[], verb: Verb, options: AskOptions): Promise<readonly Promise<Outcome>[]>;
  /** `request`: what it is known by, should it come a second time; null: by nothing. */
  signal(name: string, signal: SignalName, request: string | null): Outcome;
  /** `request`: as that of `signal`. */
  reload(dryRun: boolean, request: string | null): Promise<ReloadOutcome>;
  /** Makes so many instances of a template, or with null as many as its file says; NAME@x with 0 or 1 means that one instance. */
  scale(name: string, count: number | null, options: AskOptions): Promise<ScaleOutcome>;
  /** Replaces the program by that in a file of an absolute path, or by what is there now; ends before that is over. */
  upgrade(binary: string | null): Promise<UpgradeOutcome>;
  /** Begins the orderly shutdown; answers before it is over. */
  shutdown(): Outcome;
  /** The last `count` lines of a service's output, oldest first; null if there is no such service. */
  logs(name: string, count: number): Promise<readonly LogLine[]> | null;
  /** Tells of a service's output until the returned function is called: the last `count` lines, oldest first, and every one after them. */
  follow(name: string, count: number, follower: LogFollower): () => void;
  /** What is kept of the past. Never rejects. */
  history(question: HistoryQuestion): Promise<HistoryAnswer>;
  /** Output of services merged by time, an OutputHead, then OutputLines and OutputNotes, as NDJSON; null: too many read at the moment. */
  readOutput(wish: OutputWish, life: AnswerLife): ReadableStream<Uint8Array> | null;
  /** Which events may be asked for. */
  events(): EventRange;
  /** Up to `most` events that follow this number, the oldest first; those that are not kept any more are left out. */
  eventsAfter(number: number, most: number): readonly EventView[];
  /** Calls `listen` for every event from now on, until the returned function is called. */
  subscribe(listen: (event: EventView) => void): () => void;
}
