import { EXIT } from "../core/exit-statuses.ts";
import type { Command, Operand } from "./command.ts";
import { commandOf, SUPERVISOR_TOPIC } from "./commands.ts";
import { CannotWrite } from "./descriptor-output.ts";
import { findSupervisor } from "./find-supervisor.ts";
import { parseArguments } from "./parse-arguments.ts";
import { splitWords } from "./split-words.ts";
import { START_OPTIONS } from "./start-options.ts";
import type { CliWorld } from "./world.ts";

/** Runs the command line `words` (without the program's own name) and returns its exit status. */
export async function runCommand(words: readonly string[], world: CliWorld): Promise<number> {
  try {
    return await runWords(words, world);
  } catch (error) {
    if (!(error instanceof CannotWrite)) throw error;
    tellLastly(error.message, world);
    return EXIT.failed;
  }
}

/** Perhaps it is this output that cannot be written. */
function tellLastly(message: string, world: CliWorld): void {
  try {
    world.stderr.write(`${message}\n`);
  } catch {
    // Then nobody can be told.
  }
}

async function runWords(words: readonly string[], world: CliWorld): Promise<number> {
  const { leading, command, rest, wants } = splitWords(words);
  if (wants === "version") {
    world.stdout.write(`daemonsup ${world.version}\n`);
    return EXIT.done;
  }
  if (wants === "help" || words.length === 0) {
    const { showHelp } = await import("./help.ts");
    const topic = leading.some((word) => /^--config(?:=|$)/.test(word)) ? SUPERVISOR_TOPIC : null;
    const shown = await showHelp(command ?? topic, world);
    return words.length === 0 ? EXIT.usage : shown;
  }
  if (command === null) return await startSupervisor(words, world);
  const entry = commandOf(command);
  if (entry === null) return await refuseCommand(command, leading, world);
  return await runLoaded(command, await entry.load(), { words: [...leading, ...rest], world });
}

async function runLoaded(
  name: string,
  command: Command,
  call: { words: readonly string[]; world: CliWorld },
): Promise<number> {
  const { words, world } = call;
  async function refuse(message: string): Promise<number> {
    const { usageOf } = await import("./command-reference.ts");
    world.stderr.write(`${message}\nusage: daemonsup ${name}${usageOf(command)} (see daemonsup help ${name})\n`);
    return EXIT.usage;
  }
  const parsed = parseArguments(words, command.options);
  if (parsed.tag === "usage") return await refuse(parsed.message);
  const given = parsed.arguments;
  const { least, most } = numberOf(command.operands);
  if (given.operands.length < least) {
    const { operandWordsOf } = await import("./command-reference.ts");
    return await refuse(`cannot run ${JSON.stringify(name)}: want ${operandWordsOf(command)}`);
  }
  const tooMany = given.operands[most];
  if (tooMany !== undefined) return await refuse(`cannot read ${JSON.stringify(tooMany)}: that is one word too many`);
  const found = findSupervisor(given, world);
  if (found.tag === "usage") return await refuse(found.message);
  return await command.run({ given, world, place: found.place });
}

async function startSupervisor(words: readonly string[], world: CliWorld): Promise<number> {
  const { parseStartOptions } = await import("./parse-start-options.ts");
  const parsed = parseStartOptions(words, world);
  if (parsed.tag === "ok") return await world.start(parsed.options);
  return refuseStart(parsed.message, world);
}

function refuseStart(message: string, world: CliWorld): number {
  world.stderr.write(`${message}\nusage: daemonsup --config DIR [options] (see daemonsup help supervisor)\n`);
  return EXIT.usage;
}

async function refuseCommand(name: string, leading: readonly string[], world: CliWorld): Promise<number> {
  // Behind a mistyped option its value looks like a command.
  const parsed = parseArguments(leading, START_OPTIONS);
  if (parsed.tag === "usage") return refuseStart(parsed.message, world);
  const { nearestCommandOf } = await import("./nearest-command.ts");
  const { didYouMean } = await import("../core/nearest.ts");
  const hint = didYouMean(nearestCommandOf(name));
  world.stderr.write(
    `cannot run ${JSON.stringify(name)}: no such command${hint}\nusage: daemonsup COMMAND [options] (see daemonsup help)\n`,
  );
  return EXIT.usage;
}

/** How many words there must be and may be. */
function numberOf(operands: readonly Operand[]): { readonly least: number; readonly most: number } {
  let [least, most] = [0, operands.length];
  for (const { count } of operands) {
    if (count === "one" || count === "some") least++;
    if (count === "some" || count === "any") most = Number.POSITIVE_INFINITY;
  }
  return { least, most };
}
