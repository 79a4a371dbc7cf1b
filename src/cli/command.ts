import type { CommandPlace } from "./find-supervisor.ts";
import type { ValueKind } from "./option-values.ts";
import type { Arguments, OptionTable } from "./parse-arguments.ts";
import type { CliWorld } from "./world.ts";

/**
 * One command of the command line: what it does and all that is to be said of it. Help, manual pages and completion are made
 * from this.
 */
export interface Command {
  /** What it does, as paragraphs with an empty line between them; lines that are indented are kept as they are. */
  readonly about: string;
  readonly options: OptionTable;
  /** What it takes besides options, in this order; only the last may come more than once. */
  readonly operands: readonly Operand[];
  /** Two or three command lines that people need, the simplest first. */
  readonly examples: readonly Example[];
  /** Its exit statuses by number, "other" for what is not ours; what follows from its options need not be written. */
  readonly exits: Readonly<Record<string, string>>;
  /** Returns the exit status. */
  run(call: CommandCall): Promise<number>;
}

export interface Operand {
  /** "NAME": what it is called in the help. */
  readonly shown: string;
  readonly kind: ValueKind;
  /** How often it comes: "some" is at least once, "any" is as often as one likes. */
  readonly count: "one" | "optional" | "some" | "any";
}

export interface Example {
  /** The whole line, as it is typed into a shell. */
  readonly line: string;
  readonly what: string;
}

export interface CommandCall {
  readonly given: Arguments;
  readonly world: CliWorld;
  /** The supervisor that is meant. */
  readonly place: CommandPlace;
}

/** Services by their names; every command understands globs. */
export const SOME_SERVICES: Operand = { shown: "NAME", kind: "service", count: "some" };
export const ANY_SERVICES: Operand = { shown: "NAME", kind: "service", count: "any" };

export const JSON_OPTION = {
  json: { short: null, value: null, help: "print JSON instead of text" },
} as const satisfies OptionTable;

export const WAIT_OPTIONS = {
  wait: { short: null, value: null, help: "wait until it has happened (as by default)" },
  "no-wait": { short: null, value: null, help: "do not wait until it has happened" },
  timeout: { short: null, value: "TIME", help: 'how long to wait, like "10s" (default: until it is decided)' },
} as const satisfies OptionTable;
