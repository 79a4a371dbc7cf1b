import type { HistoryPolicy } from "./history.ts";
import type {
  ConditionPolicy,
  DescriptorStorePolicy,
  HealthPolicy,
  HookPolicies,
  NotifyAccess,
  ReadyPolicy,
  Requirement,
  SchedulePolicy,
  SocketPolicy,
  WatchPolicy,
  WatchdogPolicy,
} from "./life-policies.ts";
import type { LogPolicy, OwnLogPolicy, SyslogFacility, SyslogSeverity } from "./log-policy.ts";
import type { SignalName } from "./signal-names.ts";
import type { Millis } from "./units.ts";

/** A service as the rest of the house sees it: every default applied, every path absolute, nothing optional. */
export interface Definition {
  /** The name operators use; also the name of the file without its ending. */
  readonly name: string;
  /** Absolute path of the file it was read from. */
  readonly source: string;
  readonly description: string;
  /** What is executed and its arguments; never empty. command[0] is absolute if it was written with a slash or has a runtime. */
  readonly command: readonly string[];
  readonly runtime: "none" | "bun";
  readonly type: ServiceType;
  readonly start: "auto" | "manual";
  readonly critical: boolean;
  /** For NAME@x: the template and what stands after the @; null for a service with a file of its own. */
  readonly instance: { readonly template: string; readonly name: string } | null;
  /** Must be ready before this is started; stops after it. */
  readonly requires: readonly Requirement[];
  /** Started before this and waited for, but their failure is no obstacle. */
  readonly wants: readonly string[];
  /** Order alone, where both are started or stopped. */
  readonly after: readonly string[];
  readonly before: readonly string[];
  readonly conflicts: readonly string[];
  /** null: up as soon as it has been started. */
  readonly ready: ReadyPolicy | null;
  readonly health: HealthPolicy | null;
  readonly watchdog: WatchdogPolicy | null;
  /** Whose notifications count. */
  readonly notifyAccess: NotifyAccess;
  /** null: no descriptors are kept for it. */
  readonly descriptorStore: DescriptorStorePolicy | null;
  /** In the order of their names, which is that of the descriptors. */
  readonly sockets: readonly SocketPolicy[];
  readonly hooks: HookPolicies;
  readonly condition: ConditionPolicy | null;
  readonly schedule: SchedulePolicy | null;
  readonly watch: WatchPolicy | null;
  /** null: as the supervisor itself. */
  readonly user: string | null;
  readonly group: string | null;
  /** Supplementary groups; null: those of the user (or the supervisor's own, without a user). */
  readonly groups: readonly string[] | null;
  readonly directory: string;
  readonly umask: number;
  readonly nice: number;
  readonly oomScoreAdjust: number;
  readonly noNewPrivileges: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** Variables whose values stand in files that are read before each start; never shown. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly environmentFiles: readonly EnvironmentFile[];
  /** Only, and always, with type "forking". */
  readonly pidFile: string | null;
  readonly restart: RestartPolicy;
  readonly stop: StopPolicy;
  readonly reload: ReloadPolicy;
  readonly limits: Readonly<Partial<Record<LimitName, Limit>>>;
  readonly log: LogPolicy;
}

export type ServiceType = "simple" | "oneshot" | "forking";

export interface EnvironmentFile {
  readonly path: string;
  /** true: a missing file is no error. */
  readonly optional: boolean;
}

export interface RestartPolicy {
  readonly policy: "always" | "on-failure" | "on-abnormal" | "never";
  readonly delay: Millis;
  readonly maxDelay: Millis;
  readonly resetAfter: Millis;
  readonly limit: { readonly count: number; readonly within: Millis } | null;
  /** Exits that count as success: exit codes and signal names. */
  readonly success: readonly (number | SignalName)[];
  /** Exits after which it is never started again. */
  readonly prevent: readonly (number | SignalName)[];
}

export interface StopPolicy {
  readonly signal: SignalName;
  /** Run instead of the signal; null: none. */
  readonly command: readonly string[] | null;
  readonly timeout: Millis;
  readonly scope: "group" | "mixed" | "main";
}

export interface ReloadPolicy {
  readonly action: "signal" | "command" | "restart" | "none";
  readonly signal: SignalName;
  /** true: the definition names the signal itself, so it is sent even to a process that does not catch it. */
  readonly signalIsWritten: boolean;
  /** Only, and always, with action "command". */
  readonly command: readonly string[] | null;
}

/** Names of setrlimit(2), without RLIMIT_. */
export const LIMIT_NAMES = ["nofile", "nproc", "core", "as", "fsize", "memlock", "stack", "cpu", "data"] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** Infinity means "unlimited". */
export interface Limit {
  readonly soft: number;
  readonly hard: number;
}

/** The supervisor's own settings, from daemonsup.toml. */
/** Who may talk to the supervisor, beside its own user and root. */
export interface ControlSettings {
  /** Members of this group may do everything over the control socket; null: nobody. */
  readonly group: string | null;
  /** Members of this group may look over a socket of their own; null: there is none. */
  readonly statusGroup: string | null;
  /** null: nobody comes in from the network. */
  readonly tcp: TcpSettings | null;
}

/** A door to the network. */
export interface TcpSettings {
  /** `host`: an address of IPv4 or IPv6. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Absolute paths; null: no TLS. */
  readonly tokenFile: string;
  readonly certificate: string | null;
  readonly key: string | null;
  readonly access: "operate" | "read";
  /** Names by which clients may call. */
  readonly hosts: readonly string[];
}

export interface Settings {
  /** User and group that the supervisor itself runs as after it has taken what needs root; null: stays as it is. */
  readonly daemon: { readonly user: string | null; readonly group: string | null };
  readonly syslog: { readonly facility: SyslogFacility; readonly level: SyslogSeverity };
  readonly control: ControlSettings;
  /** The supervisor's own log file. */
  readonly log: OwnLogPolicy & { readonly level: SyslogSeverity };
  /** What is kept of the past. */
  readonly history: HistoryPolicy;
}
