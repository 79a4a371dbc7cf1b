import { resolve } from "node:path";
import type { Problem } from "../config/problem.ts";
import { renderProblem } from "../config/problem.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { placesOf } from "./find-supervisor.ts";
import { countOf } from "./render-words.ts";

const DEFAULT_DIRECTORY = "services.d";

export const check: Command = {
  usage: "[options] [DIR]",
  about: `Reads the definitions in DIR (default ./${DEFAULT_DIRECTORY}) as a start or a reload would, and
reports every problem of every file at once, also what this machine lacks: programs,
directories, users. Changes nothing, needs no supervisor. Ends with 6 if there are
problems.`,
  options: {
    "allow-empty": { short: null, value: null, help: "accept a directory without definitions" },
    ...JSON_OPTION,
  },
  operands: { least: 0, most: 1 },
  run: checkDirectory,
};

async function checkDirectory({ given, world }: CommandCall): Promise<number> {
  const displayAs = given.operands[0] ?? DEFAULT_DIRECTORY;
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
  const problems = oncePerText([...forgotten, ...found]);
  const warnings = result.tag === "rejected" ? [] : result.warnings;
  const services = result.tag === "rejected" ? null : result.definitions.length;
  const ignored = result.tag === "rejected" ? [] : result.ignored;
  if (given.has("json")) {
    world.stdout.write(`${JSON.stringify({ directory, services, problems, warnings, ignored })}\n`);
  } else {
    world.stdout.write(`${linesOf({ displayAs, services, problems, warnings, ignored }).join("\n")}\n`);
  }
  return problems.length === 0 ? EXIT.done : EXIT.invalidConfiguration;
}

/** What is wrong with a template is wrong with each of its instances, and one that is told is enough. */
function oncePerText(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [renderProblem(problem), problem])).values()];
}

interface Finding {
  readonly displayAs: string;
  /** null: not known, the text itself is wrong. */
  readonly services: number | null;
  readonly problems: readonly Problem[];
  /** What is passed over; everything runs all the same. */
  readonly warnings: readonly Problem[];
  readonly ignored: readonly string[];
}

function linesOf({ displayAs, services, problems, warnings, ignored }: Finding): readonly string[] {
  const files = new Set(problems.map((problem) => problem.file)).size;
  const last =
    problems.length === 0
      ? `${displayAs}: ${countOf(services ?? 0, "service")}, no problems`
      : `${countOf(problems.length, "problem")} in ${countOf(files, "file")}`;
  return [
    ...problems.map((problem) => renderProblem(problem)),
    ...warnings.map((warning) => `warning: ${renderProblem(warning)}`),
    ...(ignored.length === 0 ? [] : [`ignored, no definitions: ${ignored.join(", ")}`]),
    last,
  ];
}
