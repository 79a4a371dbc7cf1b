import type { Problem } from "../config/problem.ts";
import { renderProblem } from "../config/problem.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { DEFAULT_DIRECTORY, readDefinitions } from "./read-definitions.ts";
import { countOf } from "./render-words.ts";

export const check: Command = {
  about: `Reads the definitions in DIR (default ./${DEFAULT_DIRECTORY}) as a start or a reload would, and
reports every problem of every file at once, also what this machine lacks: programs,
directories, users. Changes nothing, needs no supervisor.`,
  options: {
    "allow-empty": { short: null, value: null, help: "accept a directory without definitions" },
    ...JSON_OPTION,
  },
  operands: [{ shown: "DIR", kind: "directory", count: "optional" }],
  examples: [
    { line: "daemonsup check", what: `look at ./${DEFAULT_DIRECTORY}` },
    { line: "daemonsup check /etc/services.d && daemonsup reload", what: "before anything is changed" },
  ],
  exits: { 0: "no problems", 6: "there are problems" },
  run: checkDirectory,
};

async function checkDirectory(call: CommandCall): Promise<number> {
  const { given, world } = call;
  const displayAs = given.operands[0] ?? DEFAULT_DIRECTORY;
  const { directory, result, problems } = await readDefinitions(displayAs, call);
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
