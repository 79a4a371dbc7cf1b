/*
 * Reads the definitions: in the launcher at the start, and in a process of its own at each reload. The only composition
 * root that brings in the parsers and the schema. Part of the composition root.
 */
import { type ConfigurationReading, encodeConfiguration } from "./config/configuration-text.ts";
import { printOf } from "./config/fingerprint.ts";
import { instancesFileOf, loadInstances } from "./config/instances-file.ts";
import { liveFields } from "./config/live-fields.ts";
import { SETTINGS_FILE } from "./config/list-directory.ts";
import { loadDirectory } from "./config/load-directory.ts";
import { renderProblem } from "./config/problem.ts";
import { findGroup, findUser } from "./os/user-database.ts";
import { type ReadingRole, frameText } from "./role.ts";

const machine = {
  userExists: (name: string): boolean => findUser(name) !== null,
  groupExists: (name: string): boolean => findGroup(name) !== null,
  uidOf: (name: string): number | null => findUser(name)?.uid ?? null,
};

export function readConfiguration(role: Omit<ReadingRole, "tag">): ConfigurationReading {
  const { options, directories, invokingUid } = role;
  const at = Date.now();
  const remembered = instancesFileOf(directories.state);
  const asked = loadInstances(role.instancesFile ?? remembered);
  // To go on without it would stop what somebody has started.
  if (asked.tag === "unusable") return { tag: "rejected", problems: [asked.reason] };
  const result = loadDirectory(
    {
      directory: options.config,
      displayAs: options.configAsWritten,
      invokingUid,
      isRoot: process.getuid?.() === 0,
      allowEmpty: options.allowEmpty,
      logDirectory: directories.log,
      instances: asked.instances,
    },
    machine,
  );
  if (result.tag === "rejected") return { tag: "rejected", problems: result.problems.map(renderProblem) };
  const { definitions, faults, settings, templates } = result;
  const used = [remembered, `${options.config}/${SETTINGS_FILE}`, ...result.used];
  return {
    tag: "loaded",
    settings,
    definitions,
    unfit: Object.fromEntries(faults.map(({ service, problem }) => [service, problem.message])),
    warnings: [...result.warnings, ...faults.map(({ problem }) => problem)].map(renderProblem),
    liveFields: liveFields(),
    templates,
    instances: asked.instances,
    used,
    // What has changed since the reading began is noticed by the next reload.
    ...printOf(options.config, { at, elsewhere: used }, result.seen),
  };
}

/** The role of the process that a reload starts: reads, and says on its standard output what it has read. */
export function tellConfiguration(role: ReadingRole): void {
  process.stdout.write(frameText(encodeConfiguration(readConfiguration(role))));
}
