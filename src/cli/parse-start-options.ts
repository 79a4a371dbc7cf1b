import { absolutePath } from "../core/paths.ts";
import { type Millis, millis } from "../core/units.ts";
import { parseArguments } from "./parse-arguments.ts";
import { parseTimeout, timeoutProblem } from "./parse-timeout.ts";
import { instanceNameProblem, START_OPTIONS } from "./start-options.ts";

/** How a supervisor is to be started. Every path is absolute. */
export interface StartOptions {
  /** The directory of definitions. */
  readonly config: string;
  /** The same as it was written, for messages. */
  readonly configAsWritten: string;
  readonly foreground: boolean;
  readonly readyTimeout: Millis;
  /** How long an orderly end may take before everything left is killed; null: as long as each service may. */
  readonly stopTimeout: Millis | null;
  /** true: one bad service makes the start fail. */
  readonly strict: boolean;
  /** true: a directory without definitions is no error. */
  readonly allowEmpty: boolean;
  /** false: one process, which nobody restarts; the next start goes on with what it leaves. */
  readonly guardian: boolean;
  readonly name: string | null;
  readonly runtimeDir: string | null;
  readonly stateDir: string | null;
  readonly logDir: string | null;
}

export type ParsedStart =
  | { readonly tag: "ok"; readonly options: StartOptions }
  /** `message` is a whole sentence of our grammar. */
  | { readonly tag: "usage"; readonly message: string };

const DEFAULT_READY_TIMEOUT = millis(60_000);

/** Reads the command line that starts a supervisor: `--config DIR` and what goes with it. */
export function parseStartOptions(words: readonly string[], from: { cwd: string }): ParsedStart {
  const parsed = parseArguments(words, START_OPTIONS);
  if (parsed.tag === "usage") return parsed;
  const { operands, has, valueOf } = parsed.arguments;
  if (operands[0] !== undefined)
    return usage(`cannot read "${operands[0]}": --config starts a supervisor and takes no other words`);
  const config = valueOf("config");
  if (config === null) return usage("cannot start: want --config DIR, the directory of the service definitions");
  const timeoutText = valueOf("ready-timeout");
  const readyTimeout = timeoutText === null ? DEFAULT_READY_TIMEOUT : parseTimeout(timeoutText);
  if (readyTimeout === null) return usage(timeoutProblem("--ready-timeout", timeoutText ?? ""));
  const stopText = valueOf("stop-timeout");
  const stopTimeout = stopText === null ? null : parseTimeout(stopText);
  if (stopText !== null && stopTimeout === null) return usage(timeoutProblem("--stop-timeout", stopText));
  const name = valueOf("name");
  const nameProblem = name === null ? null : instanceNameProblem(name);
  if (nameProblem !== null) return usage(nameProblem);
  function directory(option: string): string | null {
    const value = valueOf(option);
    return value === null ? null : absolutePath(from.cwd, value);
  }
  return {
    tag: "ok",
    options: {
      config: absolutePath(from.cwd, config),
      configAsWritten: config,
      foreground: has("foreground"),
      readyTimeout,
      stopTimeout,
      strict: has("strict"),
      allowEmpty: has("allow-empty"),
      guardian: !has("no-guardian"),
      name,
      runtimeDir: directory("runtime-dir"),
      stateDir: directory("state-dir"),
      logDir: directory("log-dir"),
    },
  };
}

function usage(message: string): ParsedStart {
  return { tag: "usage", message };
}
