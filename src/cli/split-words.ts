import type { OptionTable } from "./parse-arguments.ts";
import { START_OPTIONS } from "./start-options.ts";

/** A command line cut at its command. */
export interface SplitWords {
  /** Options before the command, with their values. */
  readonly leading: readonly string[];
  /** null: none, or --config is there, which starts a supervisor. */
  readonly command: string | null;
  readonly rest: readonly string[];
  /** --help and --version work everywhere. */
  readonly wants: "help" | "version" | null;
}

/** Finds the command among the words; options may stand before it. */
export function splitWords(words: readonly string[]): SplitWords {
  const ended = words.indexOf("--");
  const options = ended === -1 ? words : words.slice(0, ended);
  const position = positionOfCommand(options);
  const leading = words.slice(0, position === -1 ? words.length : position);
  const isStart = hasConfig(leading);
  const command = position === -1 || isStart ? null : (words[position] ?? null);
  return { leading, command, rest: command === null ? [] : words.slice(position + 1), wants: wishIn(options) };
}

function hasConfig(words: readonly string[]): boolean {
  for (const word of words) if (word === "--config" || word.startsWith("--config=")) return true;
  return false;
}

function positionOfCommand(words: readonly string[]): number {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (!word.startsWith("-")) return index;
    if (takesValue(word)) index++;
  }
  return -1;
}

function takesValue(word: string): boolean {
  const options: OptionTable = START_OPTIONS;
  const name = word.slice(2);
  return word.startsWith("--") && Object.hasOwn(options, name) && options[name]?.value !== null;
}

function wishIn(words: readonly string[]): "help" | "version" | null {
  if (words.includes("--help") || words.includes("-h")) return "help";
  return words.includes("--version") || words.includes("-V") ? "version" : null;
}
