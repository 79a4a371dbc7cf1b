/*
 * What the supervisor needs from outside, each port as narrow as its use. The composition root fits the kernel to them.
 */
import type { Definition } from "../core/definition.ts";
import type { DirectBeginning } from "../core/direct-output.ts";
import type { Exit } from "../core/exit.ts";
import type { OutputLine } from "../core/history.ts";
import type { LogLoss } from "../core/log-loss.ts";
import type { ServiceAction } from "../core/service-event.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import type { SyslogSeverity } from "../core/log-policy.ts";
import type { Instant, Millis, WallTime } from "../core/units.ts";

export interface ClockPort {
  now(): Instant;
  wall(): WallTime;
}

export type Report = (severity: SyslogSeverity, message: string) => void;

/** One process as the kernel shows it; pid and startTicks together name it for good. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** One letter; Z and X have ended. */
  readonly state: string;
  readonly startTicks: number;
}

export type SignalResult =
  { readonly tag: "sent" } | { readonly tag: "gone" } | { readonly tag: "failed"; readonly errno: string };

export interface ProcessPort {
  readonly ownPid: number;
  /**
   * Whose children are ours: this process, and its guardian, which has adopted what supervisors before this one had. Of them, this
   * process itself is none.
   */
  readonly parents: readonly number[];
  /** Every process of the machine. */
  table(): readonly ProcessRow[];
  row(pid: number): ProcessRow | null;
  /** The children of another process, each once or more; null: it is gone, or it cannot be told at the moment. */
  childrenOf(pid: number): readonly number[] | null;
  /** Our children that are not known, ended ones included. */
  strangers(): readonly number[];
  /**
   * false: the guardian has died just now, and what it had adopted is a child of neither. Whoever asks is to take its place, and looks
   * for all that is left then. Of what was seen before the question, this is true.
   */
  seesAll(): boolean;
  /** Makes the next look for strangers quick; to be called when there is time. */
  lookAhead(): void;
  /** From now on this child is no stranger. */
  knowChild(pid: number): void;
  /** It is reaped, or no longer known. */
  forgetChild(pid: number): void;
  /** null if it may not be read. */
  environment(pid: number): ReadonlyMap<string, string> | null;
  name(pid: number): string;
  catchesSignal(pid: number, signal: number): boolean;
  /** The number in a pid file, null if there is none; never blocks, whatever the path leads to. */
  pidIn(file: string): number | null;
  /** null: the process is gone, or there are too few descriptors; `isBrief`: it is closed at once, and may be the last one. */
  openPidfd(pid: number, isBrief?: boolean): number | null;
  /** How the process ended that is no child, by a descriptor from when it lived; null: it has not, or that cannot be told. */
  exitOf(pid: number, pidfd: number): Exit | null;
  signal(pidfd: number, signal: number): SignalResult;
  signalGroup(group: number, signal: number): SignalResult;
  closeFd(fd: number): void;
}

/** What a process has used, as the kernel tells it at its end. */
export interface EndedUsage {
  readonly userMs: number;
  readonly systemMs: number;
  /** In bytes; never less than what this process had needed by the time at which it started that one. */
  readonly peakRss: number;
}

/** A child that has ended and is not reaped. */
export interface EndedChild {
  readonly pid: number;
  readonly exit: Exit;
  readonly usage: EndedUsage | null;
}

export interface ReapPort {
  /** Some child that has ended; null if there is none. */
  peekEnded(): EndedChild | null;
  /** This one; null if it has not ended, or is reaped. */
  peekChild(pid: number): EndedChild | null;
  /** All that have ended; null if they cannot be told at once. */
  listEnded(): readonly number[] | null;
  reap(pid: number): void;
}

/**
 * What a spawn waits for, within its bound. none: many others are to be started that need not wait for this one. exec: others
 * wait for it, and are started as soon as it has executed. program: the same, and where both are on one processor, the
 * program goes first.
 */
export type ExecWait = "none" | "exec" | "program";

/** A process to be started, everything looked up. */
export interface SpawnPlan {
  readonly service: string;
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly definition: Definition;
  readonly credentials: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] } | null;
  readonly stdout: number;
  readonly stderr: number;
  /** Descriptors of this process beside those two, and the numbers that they have in the child, 3 or more. */
  readonly descriptors: readonly { readonly fd: number; readonly as: number }[];
  /** true: this is the main process, which the state mapping keeps. */
  readonly isMain: boolean;
  readonly invocation: string;
  readonly wait: ExecWait;
}

export type SpawnOutcome =
  | { readonly tag: "spawned"; readonly pid: number; readonly pidfd: number | null }
  | { readonly tag: "failed"; readonly stage: string; readonly errno: string }
  /** Exec has not returned yet; the outcome comes from `pollPending`. */
  | { readonly tag: "pending"; readonly pid: number; readonly pidfd: number | null };

export interface PendingOutcome {
  readonly pid: number;
  readonly result:
    { readonly tag: "spawned" } | { readonly tag: "failed"; readonly stage: string; readonly errno: string };
}

export interface SpawnPort {
  spawn(plan: SpawnPlan): SpawnOutcome;
  pollPending(): readonly PendingOutcome[];
  /** A pipe that ends with this process, both ends close-on-exec, the read end non-blocking; or the name of an errno. */
  pipe(): { readonly read: number; readonly write: number } | string;
  /** Reads what is there now into the buffer: so many bytes, 0 if there is nothing; null: nothing will come any more. */
  readPipe(fd: number, buffer: Uint8Array): number | null;
}

/** What is written down so that a successor knows what ran and what was wanted. */
export interface MemoryPort {
  intend(service: string, invocation: string): void;
  /** Another process than the one that was spawned is the main one. The spawned one writes itself down. */
  running(service: string, pid: number, startTicks: number): void;
  /** The main process has ended and is not reaped yet; null: none came of a spawn, or it is not known how it ended. */
  exited(service: string, exit: Exit | null): void;
  /**
   * What an operator decided; null: nothing. A successor knows it when this returns; it resolves once a loss of power does
   * not change that, or nothing can be done about it. Never rejects.
   */
  wanted(service: string, want: "up" | "down" | null): Promise<void>;
  /**
   * All that is known of the service, for a successor; without the memory of what it was there is none. `actions`: what is to
   * be done about it, until `performed`; null: as before. `run`: under which the output of its latest run is read.
   */
  keep(record: ServiceRecord, actions: readonly ServiceAction[] | null, run: number | null): void;
  performed(service: string): void;
  forget(service: string): void;
}

/** What a pipe is for that carries output. */
export interface OutputPipe {
  readonly run: number;
  readonly service: string;
  /** Where both streams go through one pipe, it is that of stdout. */
  readonly stream: "stdout" | "stderr";
}

/** Runs of services count up from 1, those of commands from the number after this one. */
export const BEFORE_COMMAND_RUNS = 1_000_000_000;

/** Output of services. */
export interface OutputPort {
  configure(definition: Definition): void;
  /**
   * Runs of services whose pipes a dead predecessor was reading, in the order in which they began; their numbers are taken, and no
   * other run may have one of them. `pid` is 0 where the predecessor died before it knew.
   */
  adopted(): readonly { readonly run: number; readonly service: string; readonly pid: number }[];
  /** The same for commands. */
  adoptedCommands(): readonly { readonly run: number; readonly service: string; readonly pid: number }[];
  /**
   * Goes on reading all these pipes, those of each service as it is configured by now; what is expected of a service is expected of the
   * last of its adopted runs. Before anything is launched. Pipes of services that nobody has configured are let go of.
   */
  resume(): void;
  /**
   * A pipe that outlives this process, for a run that is to begin: both ends close-on-exec, the read end non-blocking; or the
   * name of an errno, also if it would leave fewer descriptors than `leaving` (0 if it is not given). The write end is the caller's;
   * the read end goes to `open` or, if nothing is started, to `discard`.
   */
  pipe(of: OutputPipe, leaving?: number): { readonly read: number; readonly write: number } | string;
  discard(read: number): void;
  open(run: {
    readonly run: number;
    readonly service: string;
    readonly pid: number;
    readonly stdout: number;
    readonly stderr: number;
    /** Where the files ended that it writes itself; there are no pipes then (-1). */
    readonly began: readonly DirectBeginning[];
  }): void;
  /** Calls `written`, in a later turn, once all that it has said is written out. */
  drain(run: number, written?: () => void): void;
  /**
   * The last `count` lines of a run that is drained, oldest first; to be asked before another run of the service is opened.
   */
  lastWords(of: { readonly service: string; readonly run: number }, count: number): Promise<readonly OutputLine[]>;
  /** Why what the service writes does not get on; null: it does. */
  troubleOf(service: string): string | null;
  /** Lines of the service that its sinks have not taken, since the supervisor began. */
  lossesOf(service: string): readonly LogLoss[];
  forget(service: string): void;
  /** Calls back once when the descriptor is readable. */
  watch(fd: number, ready: () => void): void;
  unwatch(fd: number): void;
  /**
   * Calls back once, in a later turn, when a line matches of the run of the service that is opened next, and of no other;
   * the returned function calls it off. One line is expected of a service at a time, the newest.
   */
  expect(service: string, pattern: string, found: () => void): () => void;
}

export interface TimerPort {
  /** Runs `run` after `delay`; the returned function calls it off. */
  after(delay: Millis, run: () => void): () => void;
  /** Runs `run` in a later turn of the loop, soon. */
  soon(run: () => void): void;
}
