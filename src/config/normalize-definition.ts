import { resolve } from "node:path";
import type { Definition, ReloadPolicy, RestartPolicy, StopPolicy } from "../core/definition.ts";
import { loggersOf } from "../core/log-policy.ts";
import { millis } from "../core/units.ts";
import type { ParsedDefinition } from "./definition-schema.ts";
import { lifeFieldsOf, type Places } from "./normalize-life.ts";
import { logOf } from "./normalize-log.ts";

/** Where a definition comes from. */
export interface Origin {
  readonly name: string;
  /** For NAME@x: what stands before the @ and behind it. */
  readonly instance: Definition["instance"];
  /** The definitions' directory, absolute: relative paths begin there, also for a definition that is a symbolic link. */
  readonly directory: string;
  readonly fileName: string;
}

/** The definition as the rest of the house sees it: every default applied, every path absolute. */
export function normalizeDefinition(parsed: ParsedDefinition, origin: Origin): Definition {
  const { name, instance, directory, fileName } = origin;
  const absolute = (path: string): string => (isResolved(path) ? path : resolve(directory, path));
  const places: Places = {
    path: absolute,
    command: (words) => commandOf(words, { absolute, isScript: false }),
  };
  const log = logOf(parsed.log, absolute);
  const life = lifeFieldsOf(parsed, places);
  // Whoever takes its lines is there before it and after it.
  const loggers = loggersOf(log).filter((logger) => logger !== name && !life.after.includes(logger));
  return {
    name,
    source: absolute(`${directory}/${fileName}`),
    description: parsed.description,
    command: commandOf(parsed.command, { absolute, isScript: parsed.runtime === "bun" }),
    runtime: parsed.runtime ?? "none",
    type: parsed.type,
    start: parsed.start,
    critical: parsed.critical,
    instance,
    ...life,
    after: [...life.after, ...loggers],
    user: parsed.user ?? null,
    group: parsed.group ?? null,
    groups: parsed.groups ?? null,
    directory: absolute(parsed.directory),
    umask: parsed.umask,
    nice: parsed.nice,
    oomScoreAdjust: parsed.oom_score_adjust,
    noNewPrivileges: parsed.no_new_privileges,
    ...variablesOf(parsed, absolute),
    environmentFiles: parsed.environment_file.map((file) => ({ path: absolute(file.path), optional: file.optional })),
    pidFile: parsed.pid_file === undefined ? null : absolute(parsed.pid_file),
    restart: restartOf(parsed),
    stop: stopOf(parsed, places),
    reload: reloadOf(parsed, places),
    limits: parsed.limits as Definition["limits"],
    log,
  };
}

type Absolute = (path: string) => string;

/** Absolute, and nothing in it to tidy up: by far the most paths, and resolving is dear. */
function isResolved(path: string): boolean {
  return path.startsWith("/") && (path === "/" || !/\/(\/|\.|$)/.test(path));
}

const DEFAULT_MAX_DELAY = 30_000;

function commandOf(
  words: readonly string[],
  { absolute, isScript }: { absolute: Absolute; isScript: boolean },
): readonly string[] {
  const [program = "", ...rest] = words;
  return [isScript || program.includes("/") ? absolute(program) : program, ...rest];
}

function variablesOf(
  { environment }: ParsedDefinition,
  absolute: Absolute,
): Pick<Definition, "environment" | "secrets"> {
  const variables: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (typeof value === "string") variables[name] = value;
    else secrets[name] = absolute(value.file);
  }
  return { environment: variables, secrets };
}

function restartOf({ type, critical, restart }: ParsedDefinition): RestartPolicy {
  const isOneshot = type === "oneshot";
  return {
    policy: restart.policy ?? (isOneshot || critical ? "never" : "always"),
    delay: restart.delay,
    maxDelay: restart.max_delay ?? millis(Math.max(DEFAULT_MAX_DELAY, restart.delay)),
    resetAfter: restart.reset_after,
    limit: restart.limit ?? null,
    success: restart.success ?? (isOneshot ? [0] : [0, "SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"]),
    prevent: restart.prevent,
  };
}

function stopOf({ stop }: ParsedDefinition, places: Places): StopPolicy {
  const command = stop.command === undefined ? null : places.command(stop.command);
  return { signal: stop.signal, command, timeout: stop.timeout, scope: stop.scope };
}

function reloadOf({ reload }: ParsedDefinition, places: Places): ReloadPolicy {
  return {
    action: reload.action,
    signal: reload.signal ?? "SIGHUP",
    signalIsWritten: reload.signal !== undefined,
    command: reload.command === undefined ? null : places.command(reload.command),
  };
}
