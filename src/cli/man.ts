import { EXIT } from "../core/exit-statuses.ts";
import type { Command, CommandCall } from "./command.ts";
import { renderProgramManual } from "./program-manual.ts";
import { refuseChoice } from "./refuse-choice.ts";

const PAGES = ["daemonsup", "daemonsup.toml"] as const;

export const man: Command = {
  about: `Prints a manual page in the language that man reads: daemonsup, section 1, on the program and its commands, or
daemonsup.toml, section 5, on every key of a definition.`,
  options: {},
  operands: [{ shown: "PAGE", kind: PAGES, count: "optional" }],
  examples: [
    { line: "daemonsup man | man -l -", what: "read it now" },
    { line: "daemonsup man > /usr/local/share/man/man1/daemonsup.1", what: "install it" },
    { line: "daemonsup man daemonsup.toml > /usr/local/share/man/man5/daemonsup.toml.5", what: "and the other" },
  ],
  exits: {},
  run: printPage,
};

async function printPage({ given, world }: CommandCall): Promise<number> {
  const wanted = given.operands[0] ?? "daemonsup";
  const page = PAGES.find((each) => each === wanted);
  if (page === undefined) return refuseChoice(world, { verb: "print the manual of", given: wanted, choices: PAGES });
  world.stdout.write(
    page === "daemonsup" ? await renderProgramManual(world.version) : await formatManual(world.version),
  );
  return EXIT.done;
}

async function formatManual(version: string): Promise<string> {
  const { renderFormatManual } = await import("./format-manual.ts");
  return renderFormatManual(version, await import("../config/documented-keys.ts"));
}
