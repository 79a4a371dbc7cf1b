import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { errnoOf, reasonOf } from "../config/read-file.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { type ProgramHere, programsIn } from "./programs-here.ts";
import { DEFAULT_DIRECTORY, readDefinitions } from "./read-definitions.ts";
import {
  HELLO,
  renderDefinition,
  renderSettings,
  SCHEMA_DIRECTORY,
  schemaFileOf,
  type Starter,
} from "./starter-files.ts";
import type { CliWorld } from "./world.ts";

export const init: Command = {
  about: `Makes DIR (default ./${DEFAULT_DIRECTORY}) with definitions that work as they are, with comments on what else could be said. It asks
nothing: of a Procfile or the "start" script of a package.json in the current directory it makes a service each, and
where there is neither, one that says the time. A schema beside the definitions lets editors help.

Nothing that is there already is changed.`,
  options: JSON_OPTION,
  operands: [{ shown: "DIR", kind: "directory", count: "optional" }],
  examples: [
    { line: "daemonsup init", what: "begin here" },
    { line: "daemonsup init /etc/services.d", what: "begin there" },
  ],
  exits: { 1: "it is there already, or cannot be made" },
  run: makeDirectory,
};

/** Beside 0 and 1: what was made is not sound, which would be a mistake of ours. */
async function makeDirectory(call: CommandCall): Promise<number> {
  const { given, world } = call;
  const displayAs = given.operands[0] ?? DEFAULT_DIRECTORY;
  const directory = resolve(world.cwd, displayAs);
  const programs = programsIn(world.cwd);
  const { resolveProgram, DEFAULT_PATH } = await import("../config/resolve-program.ts");
  const isThere = (path: string) => (program: string) => resolveProgram(program, path).tag === "found";
  const starters =
    programs.length === 0
      ? [HELLO]
      : programs.map((program) => starterOf(program, world, { isUsual: isThere(DEFAULT_PATH), usual: DEFAULT_PATH }));
  const written = await write(directory, starters);
  if (typeof written === "string") {
    world.stderr.write(`cannot make ${JSON.stringify(displayAs)}: ${written}\n`);
    return EXIT.failed;
  }
  const { problems } = await readDefinitions(displayAs, call);
  if (given.has("json")) {
    world.stdout.write(
      `${JSON.stringify({ directory, files: written, services: starters.map(({ name }) => name) })}\n`,
    );
  } else {
    world.stdout.write(tell(displayAs, { written, programs, problems: problems.length }));
  }
  return EXIT.done;
}

function starterOf(
  { name, command, source }: ProgramHere,
  { cwd, env }: CliWorld,
  { isUsual, usual }: { readonly isUsual: (program: string) => boolean; readonly usual: string },
): Starter {
  const program = command[0] === "/bin/sh" ? (command[2]?.split(/\s/)[0] ?? "") : (command[0] ?? "");
  const isKnown = program.includes("/") || isUsual(program);
  const searchPath = isKnown ? null : (env["PATH"] ?? usual);
  return { name, description: `${name}, as ${source} says`, command, directory: cwd, searchPath };
}

/** The names of the files that were written, or why nothing was. */
async function write(directory: string, starters: readonly Starter[]): Promise<readonly string[] | string> {
  // Loaded only here: schemas cost more than all the rest of the program.
  const { EDITOR_SCHEMAS, renderEditorSchema } = await import("../config/editor-schema.ts");
  const files = new Map([
    ["daemonsup.toml", renderSettings()],
    ...starters.map((starter): [string, string] => [`${starter.name}.toml`, renderDefinition(starter)]),
    ...EDITOR_SCHEMAS.map((name): [string, string] => [schemaFileOf(name), renderEditorSchema(name)]),
  ]);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const there = readdirSync(directory);
    if (there.length > 0) return `it is there already, and not empty (${there.toSorted().slice(0, 3).join(", ")})`;
    mkdirSync(join(directory, SCHEMA_DIRECTORY), { mode: 0o755 });
    for (const [file, text] of files) writeFileSync(join(directory, file), text, { flag: "wx", mode: 0o644 });
  } catch (error) {
    return reasonOf(errnoOf(error));
  }
  return [...files.keys()];
}

function tell(
  displayAs: string,
  made: { readonly written: readonly string[]; readonly programs: readonly ProgramHere[]; readonly problems: number },
): string {
  const sources = [...new Set(made.programs.map(({ source }) => source))].join(", ");
  const from = sources === "" ? "" : ` (services from ${sources})`;
  const shown = made.written.filter((file) => !file.startsWith("."));
  const next = [
    ...(made.problems === 0 ? [] : [[`daemonsup check ${displayAs}`, "something is to be mended first"]]),
    [`daemonsup --config ${displayAs}`, "start"],
    ["daemonsup status", "look"],
  ];
  const width = Math.max(...next.map(([line]) => (line ?? "").length));
  return [
    `${displayAs}: made ${shown.join(", ")}${from}`,
    "",
    ...next.map(([line = "", what = ""]) => `  ${line.padEnd(width)}   ${what}`),
    "",
  ].join("\n");
}
