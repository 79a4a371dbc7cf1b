/* Where on a command line the cursor stands, and so what may be written there. */
import type { Command } from "./command.ts";
import { OPTION_VALUES, type ValueKind } from "./option-values.ts";
import { type OptionTable, parseArguments } from "./parse-arguments.ts";
import { START_OPTIONS } from "./start-options.ts";
import { splitWords } from "./split-words.ts";

/** What may stand where the cursor is. */
export type Expected =
  /** The name of a command. */
  | { readonly tag: "command" }
  /** An option out of this table. */
  | { readonly tag: "option"; readonly table: OptionTable }
  /**
   * A value: of an operand, or of an option, then perhaps behind `before` ("--timeout="). `taken` are words that stand on
   * the line already and make no sense twice.
   */
  | {
      readonly tag: "value";
      readonly kind: ValueKind;
      readonly before: string;
      readonly taken: readonly string[];
    }
  | { readonly tag: "nothing" };

const NOTHING: Expected = { tag: "nothing" };

/** The command on a line that may be unfinished; null: there is none yet, or it starts a supervisor. */
export function commandIn(words: readonly string[]): string | null {
  return splitWords(words.slice(0, -1)).command;
}

/** What may stand in the place of the last of the words; `command` is the one among them, or null. */
export function expectedAt(words: readonly string[], command: Command | null): Expected {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const table = command === null ? START_OPTIONS : command.options;
  const hasEnded = before.includes("--");
  if (!hasEnded) {
    const previous = optionTakingValue(before.at(-1) ?? "", table);
    if (previous !== null) return { tag: "value", kind: previous, before: "", taken: [] };
    const equals = current.startsWith("--") ? current.indexOf("=") : -1;
    if (equals !== -1) return attachedValue(current.slice(0, equals), table);
    if (current.startsWith("-")) return { tag: "option", table };
  }
  if (command !== null) return operandAt(before, command);
  return before.some((word) => word === "--config" || word.startsWith("--config="))
    ? { tag: "option", table }
    : { tag: "command" };
}

/** What the option's value stands for, if the word is an option that takes the next word for its value. */
function optionTakingValue(word: string, table: OptionTable): ValueKind | null {
  if (!word.startsWith("-")) return null;
  const option = word.startsWith("--")
    ? table[word.slice(2)]
    : Object.values(table).find(({ short }) => short !== null && word.endsWith(short));
  return option === undefined || option.value === null ? null : OPTION_VALUES[option.value];
}

function attachedValue(shown: string, table: OptionTable): Expected {
  const value = table[shown.slice(2)]?.value ?? null;
  if (value === null) return NOTHING;
  return { tag: "value", kind: OPTION_VALUES[value], before: `${shown}=`, taken: [] };
}

function operandAt(before: readonly string[], { options, operands }: Command): Expected {
  const taken = operandsOf(splitWords(before).rest, options);
  const last = operands.at(-1);
  const isEndless = last?.count === "some" || last?.count === "any";
  const operand = operands[taken.length] ?? (isEndless ? last : undefined);
  return operand === undefined ? NOTHING : { tag: "value", kind: operand.kind, before: "", taken };
}

/** Of a line with mistakes, whatever is no option. */
function operandsOf(words: readonly string[], table: OptionTable): readonly string[] {
  const parsed = parseArguments(words, table);
  return parsed.tag === "ok" ? parsed.arguments.operands : words.filter((word) => !word.startsWith("-"));
}
