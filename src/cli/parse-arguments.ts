import { didYouMean, nearestNameOf } from "../core/nearest.ts";
import type { OptionValue } from "./option-values.ts";

/** One option of a command; its long name is its key in the table. */
export interface Option {
  /** A single letter, or null. */
  readonly short: string | null;
  /** What stands for its value in the help, such as "N"; null: it takes none. */
  readonly value: OptionValue | null;
  readonly help: string;
}

export type OptionTable = Readonly<Record<string, Option>>;

/** What was given on a command line. */
export interface Arguments {
  readonly operands: readonly string[];
  /** true if the option was given. */
  readonly has: (option: string) => boolean;
  /** The value of the option, or null if it was not given. */
  readonly valueOf: (option: string) => string | null;
}

export type ParsedArguments =
  | { readonly tag: "ok"; readonly arguments: Arguments }
  /** `message` is a whole sentence of our grammar. */
  | { readonly tag: "usage"; readonly message: string };

/** One option as written: "-n", "--lines" or "--lines=5". */
interface Written {
  readonly shown: string;
  readonly key: string | undefined;
  readonly attached: string | null;
}

/**
 * Reads a command line by the usual rules: `--option value`, `--option=value`, `-n 5`, `-n5`, `-fn 5`, `--run -1`, options
 * after operands, `--` ends the options. An unknown option, a missing value and a value given twice are refused.
 */
export function parseArguments(words: readonly string[], table: OptionTable): ParsedArguments {
  const operands: string[] = [];
  const given = new Map<string, string | null>();
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === "--") {
      operands.push(...queue);
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    for (const written of optionsIn(word, table)) {
      const problem = take(written, { table, queue, given });
      if (problem !== null) return { tag: "usage", message: problem };
    }
  }
  return {
    tag: "ok",
    arguments: { operands, has: (option) => given.has(option), valueOf: (option) => given.get(option) ?? null },
  };
}

interface Progress {
  readonly table: OptionTable;
  /** The words that are still to be read; a value is taken from its front. */
  readonly queue: string[];
  readonly given: Map<string, string | null>;
}

function take(written: Written, progress: Progress): string | null {
  const { table, queue, given } = progress;
  const { shown, key, attached } = written;
  const option = key === undefined ? undefined : table[key];
  if (key === undefined || option === undefined) return unknownOption(shown, table);
  if (option.value === null) {
    if (attached !== null) return `cannot read "${shown}=${attached}": the option takes no value`;
    given.set(key, null);
    return null;
  }
  if (given.has(key)) return `cannot read "${shown}": it is given twice`;
  const next = queue[0];
  // No option has a digit for its name.
  const isNumber = /^-[0-9]+$/.test(next ?? "");
  const isLikeOption = next?.startsWith("-") === true && next !== "-" && !isNumber;
  if (attached === null && (next === undefined || isLikeOption)) {
    const hint = isLikeOption && shown.startsWith("--") ? ` (write ${shown}=${next} if that is meant)` : "";
    return `cannot read "${shown}": want a value, ${shown} ${option.value}${hint}`;
  }
  const value = attached ?? queue.shift() ?? "";
  if (option.value === "DIR" && value === "") return `cannot read "${shown}": want the path of a directory`;
  given.set(key, value);
  return null;
}

function optionsIn(word: string, table: OptionTable): Written[] {
  if (word.startsWith("--")) {
    const equals = word.indexOf("=");
    const shown = equals === -1 ? word : word.slice(0, equals);
    const key = Object.hasOwn(table, shown.slice(2)) ? shown.slice(2) : undefined;
    return [{ shown, key, attached: equals === -1 ? null : word.slice(equals + 1) }];
  }
  const written: Written[] = [];
  for (let index = 1; index < word.length; index++) {
    const letter = word.charAt(index);
    const key = Object.keys(table).find((name) => table[name]?.short === letter);
    const takesValue = key !== undefined && table[key]?.value !== null;
    const rest = word.slice(index + 1);
    written.push({ shown: `-${letter}`, key, attached: takesValue && rest !== "" ? rest : null });
    if (takesValue || key === undefined) break;
  }
  return written;
}

/** Options that every command has, and the program itself. */
const EVERYWHERE = ["help", "version"];

function unknownOption(shown: string, table: OptionTable): string {
  const nearest = shown.startsWith("--") ? nearestNameOf(shown.slice(2), [...Object.keys(table), ...EVERYWHERE]) : null;
  return `cannot read "${shown}": no such option${didYouMean(nearest === null ? null : `--${nearest}`)}`;
}
