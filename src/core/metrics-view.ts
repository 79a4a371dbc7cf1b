import type { LogLoss } from "./log-loss.ts";
import type { PublicState } from "./service-view.ts";

/** How many runs ended in one way. */
export interface ExitCount {
  /** What ended the main process: itself, a signal, or nobody knows. */
  readonly reason: "exit" | "signal" | "unknown";
  /** The exit status or the signal's name; "" if it is not known. */
  readonly status: string;
  readonly count: number;
}

/** What is counted and measured of one service. Counts begin with the supervisor, or with the service if that is later. */
export interface ServiceMetrics {
  readonly name: string;
  readonly state: PublicState;
  readonly isWanted: boolean;
  readonly isWell: boolean;
  readonly isReady: boolean;
  /** null: it has no checks, or is not up, or the first is not over. */
  readonly isHealthy: boolean | null;
  readonly starts: number;
  readonly restarts: number;
  readonly exits: readonly ExitCount[];
  /** Lines that its sinks have not taken; these begin with each supervisor. */
  readonly logLosses: readonly LogLoss[];
  /** null: nothing of it runs, or it cannot be read. */
  readonly run: RunMetrics | null;
}

/** The processes of a service that are alive, together. */
export interface RunMetrics {
  /** Seconds since 1970. */
  readonly startTime: number;
  /** Seconds of processor time of this run; never less than what was told of it before. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly processes: number;
  /** null: they may not be read. */
  readonly descriptors: number | null;
}

/** What is measured of the supervisor itself. */
export interface SupervisorMetrics {
  readonly version: string;
  /** Seconds since 1970. */
  readonly startTime: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly descriptorLimit: number;
  /** The longest that something waited for its turn while this was measured, in seconds. */
  readonly loopLagSeconds: number;
  readonly events: number;
  /** Messages of its own that syslog was too slow for. */
  readonly syslogDropped: number;
}

export interface MetricsView {
  readonly supervisor: SupervisorMetrics;
  /** In the order of their names. */
  readonly services: readonly ServiceMetrics[];
}
