import type { LogLoss } from "./log-loss.ts";
import type { PublicState } from "./service-view.ts";
import type { UsageView } from "./usage-view.ts";

/** What there is to know of one service beside its state, as the control interface shows it. */
export interface DetailsView {
  readonly name: string;
  /** Absolute path of the file that defines it. */
  readonly source: string;
  /** null: the supervisor's own. */
  readonly user: string | null;
  /** How it says that it is ready: "http 127.0.0.1:8080/healthz"; null: it counts as up when it runs. */
  readonly ready_by: string | null;
  /** How its health is checked, in the same words; null: it is not. */
  readonly health_by: string | null;
  /** When it is started by itself: "cron 0 3 * * *", "every 15m"; null: it has no schedule. */
  readonly schedule: string | null;
  /** Whom it waits for. */
  readonly needs: readonly LinkView[];
  /** Who waits for it. */
  readonly needed_by: readonly LinkView[];
  readonly sockets: readonly SocketView[];
  /** Names of the descriptors that it has stored, oldest first. */
  readonly stored_descriptors: readonly string[];
  /** Absolute path of its log file; null: its output goes elsewhere. */
  readonly log_file: string | null;
  /** Lines that its sinks have not taken, since the supervisor began. */
  readonly log_losses: readonly LogLoss[];
  /** null: nothing of it runs. */
  readonly usage: UsageView | null;
  /** What runs of it, the main process first; parents come before their children. At most 500. */
  readonly processes: readonly ProcessView[];
}

export interface LinkView {
  readonly name: string;
  readonly how: "requires" | "wants" | "after";
  /** null: there is no such service. */
  readonly state: PublicState | null;
}

export interface SocketView {
  readonly name: string;
  /** "tcp 127.0.0.1:80", "unix /run/web.sock". */
  readonly address: string;
}

export interface ProcessView {
  readonly pid: number;
  readonly parent: number;
  /** As ps shows it. */
  readonly name: string;
  /** As in /proc: R running, S sleeping, D waiting for a device, T stopped, Z ended. */
  readonly state: string;
  readonly cpu_ms: number;
  readonly memory_bytes: number;
}
