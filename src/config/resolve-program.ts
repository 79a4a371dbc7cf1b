import { accessSync, constants, statSync, type Stats } from "node:fs";
import { quote } from "./problem.ts";
import { errnoOf, kindOf, reasonOf } from "./read-file.ts";

/** The PATH of a service whose environment names none. */
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Who will execute it: this very process's user, or another one, for whom any execute bit is taken as enough. */
export type Executor = "self" | "other";

export type ProgramFound =
  { readonly tag: "found"; readonly path: string } | { readonly tag: "missing"; readonly reason: string };

/**
 * Finds the file that execve will be given: a name with a slash is a path, any other is looked up in `searchPath`, as
 * a shell does it. Directories of the search path that are not absolute are passed over: a service's working
 * directory must not decide which program runs.
 */
export function resolveProgram(program: string, searchPath: string, executor: Executor = "self"): ProgramFound {
  if (program.includes("/")) {
    const reason = faultOf(program, executor);
    return reason === null
      ? { tag: "found", path: program }
      : { tag: "missing", reason: `${quote(program)}: ${reason}` };
  }
  let unusable: string | null = null;
  for (const directory of searchPath.split(":")) {
    if (!directory.startsWith("/")) continue;
    const path = `${directory}/${program}`;
    const reason = faultOf(path, executor);
    if (reason === null) return { tag: "found", path };
    if (reason === NOT_EXECUTABLE) unusable ??= path;
  }
  // A PATH of the service's own is the value of an environment variable, and those are shown nowhere.
  const isDefault = searchPath === DEFAULT_PATH;
  if (unusable !== null) {
    const object = isDefault ? quote(unusable) : `${quote(program)} in the service's PATH`;
    return { tag: "missing", reason: `${object}: ${NOT_EXECUTABLE}` };
  }
  return {
    tag: "missing",
    reason: `there is no program ${quote(program)} in ${isDefault ? searchPath : "the service's PATH"}`,
  };
}

/** Why the file cannot be read as a script by the embedded runtime, or null. */
export function scriptFaultOf(path: string): string | null {
  const stat = statOf(path);
  if (typeof stat === "string") return stat;
  return stat.isFile() ? null : `it is ${kindOf(stat)}, want a script`;
}

const NOT_EXECUTABLE = "it is not executable";

function faultOf(path: string, executor: Executor): string | null {
  const stat = statOf(path);
  if (typeof stat === "string") return stat;
  if (!stat.isFile()) return `it is ${kindOf(stat)}, want a program`;
  return isExecutable(path, { stat, executor }) ? null : NOT_EXECUTABLE;
}

function isExecutable(path: string, { stat, executor }: { stat: Stats; executor: Executor }): boolean {
  if (executor === "other") return (stat.mode & 0o111) !== 0;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What the path leads to, or why that cannot be said. */
function statOf(path: string): Stats | string {
  try {
    return statSync(path);
  } catch (error) {
    return reasonOf(errnoOf(error));
  }
}
