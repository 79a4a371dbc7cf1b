/*
 * The roles that this program takes over an exec: what it is handed, and how it answers over a pipe. Anything on the pipe
 * that is no frame is text for a person: even a crash of the runtime is seen. Over an upgrade a role comes from the version
 * before, or after a way back from the one behind: what is added must be allowed to be missing.
 */
import type { StartOptions } from "./cli/parse-start-options.ts";
import type { Directories } from "./core/paths.ts";
import type { SignalName } from "./core/signal-names.ts";
import type { Instant } from "./core/units.ts";
import type { UpgradeNote } from "./core/upgrade.ts";

/** null if the text is no role: somebody else has set the variable. */
export function parseRole(text: string): Role | null {
  try {
    return JSON.parse(text) as Role;
  } catch {
    return null;
  }
}

interface RoleBase {
  readonly options: StartOptions;
  readonly directories: Directories;
  /** Who gave the command; as root, definitions of this user are trusted. */
  readonly invokingUid: number;
}

/** What a start hands over from the launcher. */
export interface Handover {
  /** The memory file with the configuration as the launcher reads it. */
  readonly configuration: number;
  /**
   * Read end of the pipe on which a byte for each supervisor that may begin says that the configuration is complete, and its end that there will be none; null
   * if it is complete already.
   */
  readonly complete: number | null;
  /** Write end of the pipe on which the launcher waits; null in the foreground. */
  readonly readyPipe: number | null;
}

interface DaemonRole extends RoleBase {
  /** null: a predecessor has left everything that it needs. */
  readonly handover: Handover | null;
  /** Read end of the pipe with signals that came while the program was replaced; null if there is none. */
  readonly signalPipe: number | null;
  /** At a terminal, SIGHUP means that the terminal is gone; without one, it is the request to reload. */
  readonly endsOnHangup: boolean;
  /** The memory file that names the descriptors which a predecessor has left; null: there are none. */
  readonly estate: number | null;
  /** The file that was started, absolute: what is there when an upgrade is asked for is the new program. */
  readonly program: string;
}

/** Above the supervisor: it starts it, again if it dies, and holds what is to outlive it. */
export interface GuardianRole extends DaemonRole {
  readonly tag: "guardian";
  /** What it goes on with, as the guardian of the version before has executed this one in its place; null: with nothing. */
  readonly ward: Ward | null;
  /** What has become of the guardian before this one, a sentence for the log; null: there was none. */
  readonly before: string | null;
}

/** A supervisor at work, and what its guardian knows. */
export interface Ward {
  readonly pid: number;
  /** The socket to it. */
  readonly link: number;
  readonly began: Instant;
  /** Ended children of which it has been told. */
  readonly told: readonly number[];
  /** Signals of which it has not been told. */
  readonly signals: readonly SignalName[];
  /** The signal after which everything ends; null: there was none. */
  readonly ending: SignalName | null;
  /** The oom score that supervisors are to have; null: it is not known. */
  readonly oomScore: number | null;
}

export interface SupervisorRole extends DaemonRole {
  readonly tag: "supervisor";
  /** null: it has none. */
  readonly guardian: GuardianAddress | null;
  /** "ignore": what predecessors have written down of the services is not to be believed, it may be what they died of. */
  readonly record: "use" | "ignore";
  /** The oom score (/proc/PID/oom_score_adj) that it is to have, if its guardian has a lower one; null: that which it inherits. */
  readonly oomScore: number | null;
  /** What has become of the one before this one, a sentence for the log; null: there was none. */
  readonly before: string | null;
  /** The upgrade that this process is the outcome of; null: of none. */
  readonly upgrade: UpgradeNote | null;
}

export interface GuardianAddress {
  /** Of the guardian, and what the pid file says. */
  readonly pid: number;
  /** The socket to it. */
  readonly link: number;
  readonly version: string;
  /** Since when it is of this version, milliseconds since 1970. */
  readonly since: number;
}

/** The number by which everybody knows the supervisor: that of its guardian, if it has one. */
export function daemonPidOf({ guardian }: SupervisorRole): number {
  return guardian?.pid ?? process.pid;
}

/** A short-lived process that reads the definitions and says what it has read. */
export interface ReadingRole extends RoleBase {
  readonly tag: "reading";
  /** The file that says what is asked of templates, absolute; absent: the one in the state directory. */
  readonly instancesFile?: string;
}

/** A short-lived process of a version that is to come: says whether it could go on with what is written down. */
export interface ProbeRole extends RoleBase {
  readonly tag: "probe";
  /** The directory with copies of what is written down, absolute; they are its own. */
  readonly copies: string;
}

/** What it says, in a frame. */
export interface ProbeAnswer {
  readonly version: string;
  /** Why it could not; empty: it could. */
  readonly problems: readonly string[];
}

export type Role = GuardianRole | SupervisorRole | ReadingRole | ProbeRole;

/** The file of the running program, whatever became of its name. */
export const OWN_PROGRAM = "/proc/self/exe";

/** The environment variable that gives this program a role of its own. */
export const ROLE_VARIABLE = "DAEMONSUP_ROLE";

/**
 * Settings of the runtime that make an idle supervisor sleep: without them it wakes up six times a second. Freed memory
 * is given back at once (a delay of 0) instead of by a thread that looks for it every now and then, and none is touched
 * in advance by another. What runs some thousand times at the start and then hardly ever is not worth optimizing: the
 * thresholds are two hundred times the usual ones, some 13,000 calls. How much garbage may pile up follows from how much memory
 * the machine is said to have: with all of it, the start of many services leaves pages behind of which each holds a little.
 */
const RUNTIME_SETTINGS = [
  "BUN_GC_TIMER_DISABLE=1",
  "BUN_JSC_numberOfGCMarkers=1",
  "BUN_JSC_useWarmUpMarkedBlocks=0",
  "BUN_JSC_forceRAMSize=67108864",
  "BUN_JSC_thresholdForOptimizeAfterWarmUp=200000",
  "BUN_JSC_thresholdForOptimizeAfterLongWarmUp=200000",
  "MIMALLOC_PURGE_DELAY=0",
];

/** What a guardian runs once, or hardly ever, is not worth compiling: it would take memory, and a thread for a while. */
const GUARDIAN_SETTINGS = ["BUN_JSC_useBaselineJIT=0", "BUN_JSC_useDFGJIT=0", "BUN_JSC_useRegExpJIT=0"];

/** Variables that the supervisor keeps; it hands LANG and TZ on to services. */
const KEPT_VARIABLES = ["PATH", "LANG", "TZ"];
/** What a manager of the supervisor itself sets; a daemon has none. */
const MANAGER_VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/** The whole environment of a role: nothing that the caller had set reaches it but what is named here. */
export function roleEnvironment(role: Role, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const names = role.options.foreground ? [...KEPT_VARIABLES, ...MANAGER_VARIABLES] : KEPT_VARIABLES;
  const kept = names.flatMap((name) => (env[name] === undefined ? [] : [`${name}=${env[name]}`]));
  const settings = role.tag === "guardian" ? [...RUNTIME_SETTINGS, ...GUARDIAN_SETTINGS] : RUNTIME_SETTINGS;
  return [...kept, ...settings, `${ROLE_VARIABLE}=${JSON.stringify(role)}`];
}

/** The command line that ps shows. */
export function roleArguments(role: GuardianRole | SupervisorRole): readonly string[] {
  const { options } = role;
  const name = options.name === null ? [] : ["--name", options.name];
  const below = role.tag === "supervisor" && role.guardian !== null ? ["(supervisor)"] : [];
  return ["daemonsup", "--config", options.config, ...(options.foreground ? ["--foreground"] : []), ...name, ...below];
}

export type Frame =
  | {
      readonly tag: "ready";
      readonly pid: number;
      readonly services: number;
      readonly notes: readonly string[];
      readonly log: string;
    }
  | { readonly tag: "failed"; readonly exit: number; readonly lines: readonly string[] };

const FRAME_START = "\u0000";

/** Sets a text without newlines apart from whatever else comes over the same pipe. */
export function frameText(text: string): string {
  return `${FRAME_START}${text}\n`;
}

/** Parts what came over a pipe into the texts of whole frames and all other text. */
export function parseFrames(text: string): { readonly frames: readonly string[]; readonly other: string } {
  const frames: string[] = [];
  const other: string[] = [];
  for (const line of text.split(/(?<=\n)/)) {
    const at = line.indexOf(FRAME_START);
    if (at < 0 || !line.endsWith("\n")) {
      other.push(line);
      continue;
    }
    other.push(line.slice(0, at));
    frames.push(line.slice(at + 1, -1));
  }
  return { frames, other: other.join("") };
}

/** More services in trouble than these are only counted. */
const MOST_NOTES = 20;

/** What the operator reads when everything is up. */
export function readyLines(frame: Extract<Frame, { tag: "ready" }>): readonly string[] {
  const services = `${frame.services} ${frame.services === 1 ? "service" : "services"}`;
  const more = frame.notes.length - MOST_NOTES;
  const notes = [
    ...frame.notes.slice(0, MOST_NOTES),
    ...(more > 0 ? [`and ${more} more that could not be started`] : []),
  ];
  return [...notes, `daemonsup is up: pid ${frame.pid}, ${services}; see "daemonsup status" and ${frame.log}`];
}
