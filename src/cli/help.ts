import { didYouMean } from "../core/nearest.ts";
import { EXIT } from "../core/exit-statuses.ts";
import type { Command } from "./command.ts";
import { COMMANDS, SUPERVISOR_TOPIC } from "./commands.ts";
import { nearestCommandOf } from "./nearest-command.ts";
import { commandReferenceOf } from "./command-reference.ts";
import { renderCommandHelp, renderHelp, renderSupervisorHelp } from "./render-help.ts";
import type { CliWorld } from "./world.ts";

export const help: Command = {
  about: `Shows what there is, or everything about one command, or about the start of a supervisor.`,
  options: {},
  operands: [{ shown: "COMMAND", kind: "command", count: "optional" }],
  examples: [
    { line: "daemonsup help status", what: "the same as daemonsup status --help" },
    { line: `daemonsup help ${SUPERVISOR_TOPIC}`, what: "of --config and its options, signals, exit statuses" },
  ],
  exits: {},
  run: ({ given, world }) => showHelp(given.operands[0] ?? null, world),
};

/** Shows the help of a command or topic, or with null that of the program; returns the exit status. */
export async function showHelp(name: string | null, world: CliWorld): Promise<number> {
  if (name === null) {
    world.stdout.write(
      renderHelp(
        Object.entries(COMMANDS).map(([command, entry]) => ({ ...entry, name: command })),
        world.stdout.columns,
      ),
    );
    return EXIT.done;
  }
  if (name === SUPERVISOR_TOPIC) {
    world.stdout.write(renderSupervisorHelp(world.stdout.columns));
    return EXIT.done;
  }
  const reference = await commandReferenceOf(name);
  if (reference === null) {
    const hint = didYouMean(nearestCommandOf(name));
    world.stderr.write(`cannot show the help of ${JSON.stringify(name)}: no such command${hint}\n`);
    return EXIT.usage;
  }
  world.stdout.write(renderCommandHelp(reference, world.stdout.columns));
  return EXIT.done;
}
