import type { LimitName } from "../core/definition.ts";

/** Everything that a child is to be when its program begins. Whatever is not named here is not inherited. */
export interface SpawnRequest {
  /** The file to execute; no search in PATH takes place. */
  readonly path: string;
  /** With argv[0]; never empty. */
  readonly argv: readonly string[];
  /** "NAME=value" each: the whole environment. LISTEN_PID may have OWN_PID for its value, and has the child's pid then. */
  readonly env: readonly string[];
  /** Entered with the child's own rights, after credentials are set. */
  readonly directory: string;
  /** Becomes descriptor 0; null: /dev/null. */
  readonly stdin: number | null;
  readonly stdout: number;
  readonly stderr: number;
  /** Become 3, 4, ... in this order; null leaves a number out. Everything else is closed. At most 1,024. */
  readonly passed: readonly (number | null)[];
  readonly umask: number;
  /** null: as the supervisor; so is 0 where the kernel refuses that. */
  readonly nice: number | null;
  /** -1000 to 1000, with 0 as the usual; null: as the supervisor, and so is 0 where the kernel refuses that. */
  readonly oomScoreAdjust: number | null;
  /** Beside these, the soft limit of descriptors is 1024, or the hard one if that is lower. Infinity: unlimited. */
  readonly limits: readonly ResourceLimit[];
  readonly noNewPrivileges: boolean;
  /** null: as the supervisor. Groups are the supplementary ones, at most 65,536. */
  readonly credentials: Credentials | null;
  /** true: where it shares a processor with this process, it runs its first instructions before `spawn` returns. */
  readonly goesFirst: boolean;
  /** Where the child writes its pid before it executes; null: nowhere. */
  readonly record: RecordAddress | null;
}

export interface ResourceLimit {
  readonly resource: LimitName;
  readonly soft: number;
  readonly hard: number;
}

export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** Places in the shared mapping of the state, as addresses in this process. */
export interface RecordAddress {
  /** The words that the child writes: pid, and CLOCK_BOOTTIME in nanoseconds. */
  readonly child: number;
  /** The word that holds the generation of the mapping. */
  readonly generation: number;
  /** What it must hold; if it holds anything else the child ends itself ("revoked"). */
  readonly expected: number;
}

/** What failed. Only "clone" and "oom_score_adjust" are done by the parent, the rest by the child, in this order. */
export type SpawnStage =
  | "clone"
  | "revoked"
  | "setsid"
  | "stdio"
  | "fds"
  | `rlimit ${LimitName}`
  | "nice"
  | "no_new_privs"
  | "groups"
  | "gid"
  | "uid"
  | "chdir"
  | "exec"
  | "oom_score_adjust";

/** The numbers of setrlimit(2), the same on x86-64 and aarch64. */
export const LIMIT_NUMBERS = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
} as const satisfies Readonly<Record<LimitName, number>>;
