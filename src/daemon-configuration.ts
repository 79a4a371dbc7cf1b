/* Loads the definitions for the supervisor, at its start and at each reload. Part of the composition root. */
import { loadDirectory } from "./config/load-directory.ts";
import { renderProblem } from "./config/problem.ts";
import type { Settings } from "./core/definition.ts";
import type { Logs } from "./daemon-logs.ts";
import { findGroup, findUser } from "./os/user-database.ts";
import type { Role } from "./role.ts";
import type { Configuration } from "./supervisor/reloader.ts";

export type Loaded = Extract<Configuration, { tag: "loaded" }> & { readonly settings: Settings };

const machine = {
  userExists: (name: string): boolean => findUser(name) !== null,
  groupExists: (name: string): boolean => findGroup(name) !== null,
};

export function loadConfiguration(role: Role): Loaded | Extract<Configuration, { tag: "rejected" }> {
  const { options, directories, invokingUid } = role;
  const result = loadDirectory(
    {
      directory: options.config,
      displayAs: options.configAsWritten,
      invokingUid,
      isRoot: process.getuid?.() === 0,
      allowEmpty: options.allowEmpty,
      logDirectory: directories.log,
    },
    machine,
  );
  if (result.tag === "rejected") return { tag: "rejected", problems: result.problems.map(renderProblem) };
  const { definitions, faults, settings } = result;
  const unfit = new Map(faults.map(({ service, problem }) => [service, problem.message] as const));
  return { tag: "loaded", definitions, unfit, settings, warnings: faults.map(({ problem }) => renderProblem(problem)) };
}

/** As at the start; the supervisor's own settings that can change while it runs do. */
export function reloadConfiguration(role: Role, logs: Logs): Configuration {
  const configuration = loadConfiguration(role);
  if (configuration.tag === "loaded") logs.configure(configuration.settings);
  return configuration;
}
