import { resolve } from "node:path";
import type { LoadResult } from "../config/load-directory.ts";
import { type Problem, renderProblem } from "../config/problem.ts";
import type { CommandCall } from "./command.ts";
import { placesOf } from "./find-supervisor.ts";

/** Where definitions are read from when the command line does not say. */
export const DEFAULT_DIRECTORY = "services.d";

export interface DefinitionsRead {
  /** Absolute. */
  readonly directory: string;
  readonly result: LoadResult;
  /** All that is wrong, each once, also what the machine lacks. */
  readonly problems: readonly Problem[];
}

/** Reads the definitions in a directory as a start would, with what is remembered of templates. */
export async function readDefinitions(displayAs: string, { given, world }: CommandCall): Promise<DefinitionsRead> {
  const directory = resolve(world.cwd, displayAs);
  // Loaded only here: the parsers and schemas cost more than all the rest of the program.
  const { loadDirectory } = await import("../config/load-directory.ts");
  const { wholeFileProblem } = await import("../config/config-file.ts");
  const { instancesFileOf, loadInstances } = await import("../config/instances-file.ts");
  const { invokingUid, uid } = world;
  const name = given.valueOf("name");
  const { log: logDirectory, state } = placesOf({ name, runtimeDir: null, stateDir: null, logDir: null }, world);
  const asked = loadInstances(instancesFileOf(state));
  const instances = asked.tag === "loaded" ? asked.instances : {};
  const allowEmpty = given.has("allow-empty");
  const request = { directory, displayAs, invokingUid, isRoot: uid === 0, allowEmpty, logDirectory, instances };
  const result = loadDirectory(request, world.machine());
  const found = result.tag === "rejected" ? result.problems : result.faults.map((fault) => fault.problem);
  const forgotten = asked.tag === "loaded" ? [] : [wholeFileProblem(instancesFileOf(state), asked.reason)];
  return { directory, result, problems: oncePerText([...forgotten, ...found]) };
}

/** What is wrong with a template is wrong with each of its instances, and one that is told is enough. */
function oncePerText(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [renderProblem(problem), problem])).values()];
}
