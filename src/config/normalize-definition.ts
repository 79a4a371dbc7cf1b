import { resolve } from "node:path";
import type { Definition, ReloadPolicy, RestartPolicy, StopPolicy } from "../core/definition.ts";
import { type LogPolicy, loggersOf } from "../core/log-policy.ts";
import { millis } from "../core/units.ts";
import type { ParsedDefinition } from "./definition-schema.ts";
import { lifeFieldsIn, type LifeFields, type Places } from "./normalize-life.ts";
import { logOf } from "./normalize-log.ts";
import { remembered } from "./remembered.ts";

/** Where a definition comes from. */
export interface Origin {
  readonly name: string;
  /** For NAME@x: what stands before the @ and behind it. */
  readonly instance: Definition["instance"];
  readonly fileName: string;
}

/**
 * Makes definitions as the rest of the house sees them: every default applied, every path absolute. What several have in
 * common is one object in all of them: it is made once, and whoever hands them on can tell by looking at it.
 */
export class Normalizer {
  readonly #directory: string;
  readonly #places: Places;
  readonly #lifeFieldsOf: (parsed: ParsedDefinition) => LifeFields;
  readonly #logOf: (log: ParsedDefinition["log"]) => LogPolicy;
  readonly #variablesOf: (environment: ParsedDefinition["environment"]) => Variables;
  readonly #filesOf: (files: ParsedDefinition["environment_file"]) => Definition["environmentFiles"];
  readonly #stopOf: (stop: ParsedDefinition["stop"]) => StopPolicy;
  readonly #reloadOf: (reload: ParsedDefinition["reload"]) => ReloadPolicy;
  readonly #restartOf = {
    usual: remembered(restartWith({ policy: "always", success: [0, "SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"] })),
    critical: remembered(restartWith({ policy: "never", success: [0, "SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"] })),
    oneshot: remembered(restartWith({ policy: "never", success: [0] })),
  };

  /** `directory` is that of the definitions, absolute: relative paths begin there, also for a definition that is a symbolic link. */
  constructor(directory: string) {
    this.#directory = directory;
    const path: Absolute = (relative) => (isResolved(relative) ? relative : resolve(directory, relative));
    const places = (this.#places = { path, command: (words) => commandOf(words, path) });
    this.#lifeFieldsOf = lifeFieldsIn(places);
    this.#logOf = remembered((log) => logOf(log, path));
    this.#variablesOf = remembered((environment) => variablesOf(environment, path));
    this.#filesOf = remembered((files) => files.map((file) => ({ path: path(file.path), optional: file.optional })));
    this.#stopOf = remembered((stop) => stopOf(stop, places));
    this.#reloadOf = remembered((reload) => reloadOf(reload, places));
  }

  definitionOf(parsed: ParsedDefinition, { name, instance, fileName }: Origin): Definition {
    const { path, command } = this.#places;
    const isScript = parsed.runtime === "bun";
    const log = this.#logOf(parsed.log);
    const life = this.#lifeFieldsOf(parsed);
    return {
      name,
      source: path(`${this.#directory}/${fileName}`),
      description: parsed.description,
      command: isScript ? scriptOf(parsed.command, path) : command(parsed.command),
      runtime: parsed.runtime ?? "none",
      type: parsed.type,
      start: parsed.start,
      critical: parsed.critical,
      instance,
      ...life,
      after: afterOf(name, life.after, log),
      user: parsed.user ?? null,
      group: parsed.group ?? null,
      groups: parsed.groups ?? null,
      directory: path(parsed.directory),
      umask: parsed.umask,
      nice: parsed.nice,
      oomScoreAdjust: parsed.oom_score_adjust,
      noNewPrivileges: parsed.no_new_privileges,
      ...this.#variablesOf(parsed.environment),
      environmentFiles: this.#filesOf(parsed.environment_file),
      pidFile: parsed.pid_file === undefined ? null : path(parsed.pid_file),
      restart: this.#restartOf[kindOf(parsed)](parsed.restart),
      stop: this.#stopOf(parsed.stop),
      reload: this.#reloadOf(parsed.reload),
      limits: parsed.limits as Definition["limits"],
      log,
    };
  }
}

type Absolute = (path: string) => string;

/** Absolute, and nothing in it to tidy up: by far the most paths, and resolving is dear. */
function isResolved(path: string): boolean {
  return path.startsWith("/") && (path === "/" || !/\/(\/|\.|$)/.test(path));
}

const DEFAULT_MAX_DELAY = 30_000;

function commandOf(words: readonly string[], absolute: Absolute): readonly string[] {
  const [program = ""] = words;
  return program.includes("/") ? scriptOf(words, absolute) : words;
}

/** A script is a path, whatever it looks like. */
function scriptOf([script = "", ...rest]: readonly string[], absolute: Absolute): readonly string[] {
  return [absolute(script), ...rest];
}

/** Whoever takes its lines is there before it and after it. */
function afterOf(name: string, after: readonly string[], log: LogPolicy): readonly string[] {
  const loggers = loggersOf(log).filter((logger) => logger !== name && !after.includes(logger));
  return loggers.length === 0 ? after : [...after, ...loggers];
}

type Variables = Pick<Definition, "environment" | "secrets">;

function variablesOf(environment: ParsedDefinition["environment"], absolute: Absolute): Variables {
  const variables: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (typeof value === "string") variables[name] = value;
    else secrets[name] = absolute(value.file);
  }
  return { environment: variables, secrets };
}

function kindOf({ type, critical }: ParsedDefinition): "usual" | "critical" | "oneshot" {
  if (type === "oneshot") return "oneshot";
  return critical ? "critical" : "usual";
}

/** `usual`: what holds where a definition does not say it. */
function restartWith(
  usual: Pick<RestartPolicy, "policy" | "success">,
): (restart: ParsedDefinition["restart"]) => RestartPolicy {
  return (restart) => ({
    policy: restart.policy ?? usual.policy,
    delay: restart.delay,
    maxDelay: restart.max_delay ?? millis(Math.max(DEFAULT_MAX_DELAY, restart.delay)),
    resetAfter: restart.reset_after,
    limit: restart.limit ?? null,
    success: restart.success ?? usual.success,
    prevent: restart.prevent,
  });
}

function stopOf(stop: ParsedDefinition["stop"], places: Places): StopPolicy {
  const command = stop.command === undefined ? null : places.command(stop.command);
  return { signal: stop.signal, command, timeout: stop.timeout, scope: stop.scope };
}

function reloadOf(reload: ParsedDefinition["reload"], places: Places): ReloadPolicy {
  return {
    action: reload.action,
    signal: reload.signal ?? "SIGHUP",
    signalIsWritten: reload.signal !== undefined,
    command: reload.command === undefined ? null : places.command(reload.command),
  };
}
