/*
 * What the launcher hands to the supervisor over the exec, and what the supervisor tells the launcher over the readiness
 * pipe. Anything on the pipe that is no such frame is text for the launcher's terminal: even a crash of the runtime is seen.
 */
import type { StartOptions } from "./cli/parse-start-options.ts";
import type { Directories } from "./core/paths.ts";

export interface Role {
  readonly options: StartOptions;
  readonly directories: Directories;
  /** Who gave the command; as root, definitions of this user are trusted. */
  readonly invokingUid: number;
  /** Write end of the pipe on which the launcher waits; null in the foreground. */
  readonly readyPipe: number | null;
  /** Read end of the pipe with signals that came while the program was replaced; null if there is none. */
  readonly signalPipe: number | null;
}

/** The environment variable that makes this program a supervisor. */
export const ROLE_VARIABLE = "DAEMONSUP_ROLE";

/** Settings of the runtime that make an idle supervisor sleep: without them it wakes up six times a second. */
const RUNTIME_SETTINGS = ["BUN_GC_TIMER_DISABLE=1", "BUN_JSC_numberOfGCMarkers=1", "MIMALLOC_PURGE_DELAY=-1"];

/** Variables that the supervisor keeps; it hands LANG and TZ on to services. */
const KEPT_VARIABLES = ["PATH", "LANG", "TZ"];

/** The whole environment of a role: nothing that the caller had set reaches it but what is named here. */
export function roleEnvironment(role: Role, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const kept = KEPT_VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [`${name}=${env[name]}`]));
  return [...kept, ...RUNTIME_SETTINGS, `${ROLE_VARIABLE}=${JSON.stringify(role)}`];
}

/** The command line that ps shows. */
export function roleArguments(options: StartOptions): readonly string[] {
  const name = options.name === null ? [] : ["--name", options.name];
  return ["daemonsup", "--config", options.config, ...(options.foreground ? ["--foreground"] : []), ...name];
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

export function encodeFrame(frame: Frame): string {
  return `${FRAME_START}${JSON.stringify(frame)}\n`;
}

/** Parts what came over the pipe into frames and other text. */
export function parseFrames(text: string): { readonly frames: readonly Frame[]; readonly other: string } {
  const frames: Frame[] = [];
  const other: string[] = [];
  for (const line of text.split(/(?<=\n)/)) {
    const at = line.indexOf(FRAME_START);
    if (at < 0 || !line.endsWith("\n")) {
      other.push(line);
      continue;
    }
    other.push(line.slice(0, at));
    frames.push(JSON.parse(line.slice(at + 1)) as Frame);
  }
  return { frames, other: other.join("") };
}

/** What the operator reads when everything is up. */
export function readyLines(frame: Extract<Frame, { tag: "ready" }>): readonly string[] {
  const services = `${frame.services} ${frame.services === 1 ? "service" : "services"}`;
  return [...frame.notes, `daemonsup is up: pid ${frame.pid}, ${services}; see "daemonsup status" and ${frame.log}`];
}
