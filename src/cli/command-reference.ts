import type { Command, Example, Operand } from "./command.ts";
import { commandOf } from "./commands.ts";
import type { OptionTable } from "./parse-arguments.ts";

/** Everything about one command, in words: the one source of its help, its manual and its completion. */
export interface CommandReference {
  readonly name: string;
  readonly summary: string;
  /** "daemonsup status [options] [NAME...]". */
  readonly usage: string;
  readonly about: string;
  readonly operands: readonly Operand[];
  /** Its own, those that say which supervisor is meant, and --help. */
  readonly options: OptionTable;
  readonly examples: readonly Example[];
  readonly exits: readonly ExitMeaning[];
}

export interface ExitMeaning {
  /** A number, or "other". */
  readonly status: string;
  readonly meaning: string;
}

const HELP_OPTION: OptionTable = { help: { short: "h", value: null, help: "show this help" } };

/** The reference of a command; null: there is none of that name. Loads this command alone. */
export async function commandReferenceOf(name: string): Promise<CommandReference | null> {
  const entry = commandOf(name);
  if (entry === null) return null;
  const command = await entry.load();
  return {
    name,
    summary: entry.summary,
    usage: `daemonsup ${name}${usageOf(command)}`,
    about: command.about.trim(),
    operands: command.operands,
    options: { ...command.options, ...HELP_OPTION },
    examples: command.examples,
    exits: exitsOf(command),
  };
}

/** What follows the name of a command: " [options] NAME...", or nothing. */
export function usageOf({ options, operands }: Pick<Command, "options" | "operands">): string {
  const words = operands.map(wordOf);
  return [Object.keys(options).length === 0 ? "" : "[options]", ...words]
    .filter((word) => word !== "")
    .map((word) => ` ${word}`)
    .join("");
}

/** "NAME...": what it takes besides options; "" if that is nothing. */
export function operandWordsOf(command: Pick<Command, "operands">): string {
  return command.operands.map(wordOf).join(" ");
}

function wordOf({ shown, count }: Operand): string {
  switch (count) {
    case "one":
      return shown;
    case "optional":
      return `[${shown}]`;
    case "some":
      return `${shown}...`;
    case "any":
      return `[${shown}...]`;
  }
}

/** What it says itself, and what follows from its options and operands. */
function exitsOf({ options, operands, exits }: Command): readonly ExitMeaning[] {
  const common: Record<string, string> = { 0: "done", 2: "the command line is wrong" };
  const namesService = operands.some(({ kind }) => kind === "service" || kind === "template" || kind === "oneshot");
  if (namesService) common["5"] = "there is no such service";
  if (Object.hasOwn(options, "runtime-dir")) {
    common["4"] = "not allowed to talk to the supervisor";
    common["7"] = "no supervisor is running";
  }
  if (Object.hasOwn(options, "timeout")) {
    common["124"] = "not decided within --timeout (it goes on)";
    common["130"] = "interrupted (it goes on)";
  }
  return Object.entries({ ...common, ...exits }).map(([status, meaning]) => ({ status, meaning }));
}
