import type { SupervisorPlace } from "../control/client.ts";
import type { Arguments, OptionTable } from "./parse-arguments.ts";
import type { CliWorld } from "./world.ts";

/** One command of the command line. */
export interface Command {
  /** What follows its name: "[options] NAME...". */
  readonly usage: string;
  /** What it does, for its help page; lines of at most 80 cells. */
  readonly about: string;
  readonly options: OptionTable;
  /** How many words it takes besides options. */
  readonly operands: { readonly least: number; readonly most: number };
  /** Returns the exit status. */
  run(call: CommandCall): Promise<number>;
}

export interface CommandCall {
  readonly given: Arguments;
  readonly world: CliWorld;
  /** The supervisor that is meant. */
  readonly place: SupervisorPlace;
}

export const JSON_OPTION = {
  json: { short: null, value: null, help: "print JSON instead of text" },
} as const satisfies OptionTable;

export const WAIT_OPTIONS = {
  "no-wait": { short: null, value: null, help: "do not wait until it has happened" },
  timeout: { short: null, value: "TIME", help: 'how long to wait, like "10s" (default: until it is decided)' },
} as const satisfies OptionTable;
