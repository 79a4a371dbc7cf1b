/*
 * What a start needs from files: whether its conditions are met, and the variables that come from files. A file system may
 * keep this waiting for ever, so it is not to be done on a thread that others wait for.
 */
import type { Definition, EnvironmentFile } from "../core/definition.ts";
import type { DirectEnds, DirectFiles } from "../core/direct-output.ts";
import type { ConditionPolicy } from "../core/life-policies.ts";
import { unmetConditionOf } from "./conditions.ts";
import { loadEnvironmentFile } from "./environment-file.ts";
import { loadSecretFile } from "./secret-file.ts";

export interface LookRequest {
  /** null: there is none, or it is not to be looked at. */
  readonly condition: ConditionPolicy | null;
  /** The name of this machine. */
  readonly host: string;
  readonly environmentFiles: readonly EnvironmentFile[];
  /** Paths, by the name of the variable. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Files to be opened for the service to write itself; null: none, or not now. */
  readonly output: DirectFiles | null;
}

/** Variables that come from files, or why they cannot be had; the reason never holds anything of a value. */
export type FileVariables =
  | {
      readonly tag: "read";
      /** Of the environment files, which the definition's own variables go before. */
      readonly variables: Readonly<Record<string, string>>;
      readonly secrets: Readonly<Record<string, string>>;
    }
  | { readonly tag: "unable"; readonly reason: string };

export interface LookAnswer {
  /** Why the conditions are not met; null: they are. */
  readonly unmet: string | null;
  readonly files: FileVariables;
  /** What came of opening `output`; whoever is answered closes it. */
  readonly ends: DirectEnds | null;
}

/** What there is to look at before a start, without `output`; `again`: only what the environment comes from. */
export function lookRequestOf(
  { condition, environmentFiles, secrets }: Definition,
  host: string,
  again: boolean,
): Omit<LookRequest, "output"> {
  return { condition: again ? null : condition, host, environmentFiles, secrets };
}

/** Looks and reads; blocks for as long as the file system likes. Opens nothing. */
export function look({
  condition,
  host,
  environmentFiles,
  secrets,
}: Omit<LookRequest, "output">): Omit<LookAnswer, "ends"> {
  const unmet = condition === null ? null : unmetConditionOf(condition, host);
  return { unmet, files: unmet === null ? readFiles(environmentFiles, secrets) : NO_FILES };
}

/** Of a service whose environment does not come from files. */
export const NO_FILES: FileVariables = { tag: "read", variables: {}, secrets: {} };

function readFiles(files: LookRequest["environmentFiles"], paths: LookRequest["secrets"]): FileVariables {
  const variables: Record<string, string> = {};
  for (const file of files) {
    const loaded = loadEnvironmentFile(file);
    if (loaded.tag === "unusable") return { tag: "unable", reason: loaded.reason };
    Object.assign(variables, loaded.variables);
  }
  const secrets: Record<string, string> = {};
  for (const [name, path] of Object.entries(paths)) {
    const loaded = loadSecretFile(path);
    if (loaded.tag === "unusable") return { tag: "unable", reason: loaded.reason };
    secrets[name] = loaded.value;
  }
  return { tag: "read", variables, secrets };
}
