import { EXIT } from "../core/exit-statuses.ts";
import type { Command, CommandCall } from "./command.ts";
import { refuseChoice } from "./refuse-choice.ts";

const WHAT = ["definition", "settings"] as const;

export const schema: Command = {
  about: `Prints the JSON Schema of definitions (or of daemonsup.toml), by which editors complete keys, show what each is for, and
underline mistakes. A definition names the file where it lies, in its first line:

  #:schema ./definition.schema.json                       TOML
  # yaml-language-server: $schema=./definition.schema.json   YAML
  "$schema": "./definition.schema.json"                   JSON

What only the program itself can judge, such as units and names, is left to "daemonsup check".`,
  options: {},
  operands: [{ shown: "WHAT", kind: WHAT, count: "optional" }],
  examples: [
    { line: "daemonsup schema > definition.schema.json", what: "of a service" },
    { line: "daemonsup schema settings", what: "of daemonsup.toml" },
  ],
  exits: {},
  run: printSchema,
};

async function printSchema({ given, world }: CommandCall): Promise<number> {
  const wanted = given.operands[0] ?? "definition";
  const name = WHAT.find((each) => each === wanted);
  if (name === undefined) return refuseChoice(world, { verb: "print the schema of", given: wanted, choices: WHAT });
  // Loaded only here: schemas cost more than all the rest of the program.
  const { renderEditorSchema } = await import("../config/editor-schema.ts");
  world.stdout.write(renderEditorSchema(name));
  return EXIT.done;
}
