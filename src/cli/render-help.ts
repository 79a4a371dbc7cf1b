import type { CommandReference, ExitMeaning } from "./command-reference.ts";
import { type CommandGroup, SUPERVISOR_TOPIC } from "./commands.ts";
import type { OptionTable } from "./parse-arguments.ts";
import { PROGRAM } from "./program-reference.ts";
import { padTo } from "./render-text.ts";
import { wrapParagraphs, wrapText } from "./wrap-text.ts";

/** Where lines are broken if the terminal is wider, in cells. */
const WIDEST = 80;
/** Narrower terminals get lines that are too long for them. */
const NARROWEST = 40;

/** One line of the list of commands. */
export interface ListedCommand {
  readonly name: string;
  readonly summary: string;
  readonly group: CommandGroup;
}

/** In this order, each with its title, one line a command. */
const GROUPS: readonly (readonly [group: CommandGroup, title: string])[] = [
  ["look", "look:"],
  ["change", "change services:"],
  ["supervisor", "the supervisor:"],
  ["setup", "set up:"],
];

const COMMON =
  "Names of services may be globs: daemonsup stop 'web-*'. What a command takes and how it ends: daemonsup help COMMAND. " +
  "How a supervisor is started, with --config and other options, what its signals and exit statuses mean: daemonsup " +
  `help ${SUPERVISOR_TOPIC}.`;

/** The help of the program: what there is, on one screen. `columns`: of the terminal, or null. */
export function renderHelp(commands: readonly ListedCommand[], columns: number | null): string {
  const width = widthOf(columns);
  const first = Math.max(...commands.map(({ name }) => name.length));
  const groups = GROUPS.flatMap(([group, title]) => [
    title,
    ...commands
      .filter((command) => command.group === group)
      .flatMap(({ name, summary }) => entryLines(name, summary, { first, width })),
  ]);
  const more = commands.filter(({ group }) => group === "more").map(({ name }) => name);
  return [
    `${PROGRAM.name} - ${PROGRAM.summary}`,
    "",
    `usage: ${PROGRAM.usage}  start a supervisor for what is in DIR`,
    "       daemonsup COMMAND [options]       talk to the one that runs",
    "",
    ...groups,
    ...wrapText(`more: ${more.join(", ")}`, width),
    "",
    ...wrapText(`new here? ${PROGRAM.examples.map(({ line }) => line).join("; ")}`, width),
    "",
    ...wrapText(COMMON, width),
    "",
  ].join("\n");
}

/** The help of what starts a supervisor, and of what holds for all commands. `columns`: of the terminal, or null. */
export function renderSupervisorHelp(columns: number | null): string {
  const width = widthOf(columns);
  return [
    `usage: ${PROGRAM.usage}`,
    "",
    ...wrapParagraphs(PROGRAM.about, width),
    "",
    "options:",
    ...optionLines(PROGRAM.options, width),
    "",
    "signals:",
    ...listLines(PROGRAM.signals, width),
    "",
    ...exitLines(PROGRAM.exits, width),
    "",
    "files and environment: daemonsup man | man -l -",
    "",
  ].join("\n");
}

/** The help of one command. `columns`: of the terminal, or null. */
export function renderCommandHelp(reference: CommandReference, columns: number | null): string {
  const { usage, about, options, examples, exits } = reference;
  const width = widthOf(columns);
  const longest = Math.max(...examples.map(({ line }) => Bun.stringWidth(line)));
  return [
    `usage: ${usage}`,
    "",
    ...wrapParagraphs(about, width),
    "",
    "options:",
    ...optionLines(options, width),
    "",
    "examples:",
    ...examples.flatMap(({ line, what }) => entryLines(line, what, { first: longest, width })),
    "",
    ...exitLines(exits, width),
    "",
  ].join("\n");
}

function widthOf(columns: number | null): number {
  return Math.max(NARROWEST, Math.min(columns ?? WIDEST, WIDEST));
}

function listLines(entries: readonly (readonly [string, string])[], width: number): readonly string[] {
  const first = Math.max(...entries.map(([word]) => word.length));
  return entries.flatMap(([word, meaning]) => entryLines(word, meaning, { first, width }));
}

function optionLines(table: OptionTable, width: number): readonly string[] {
  const entries = Object.entries(table).map(([name, option]) => {
    const short = option.short === null ? "    " : `-${option.short}, `;
    return [`${short}--${name}${option.value === null ? "" : ` ${option.value}`}`, option.help] as const;
  });
  const first = Math.max(...entries.map(([shown]) => shown.length));
  return entries.flatMap(([shown, help]) => entryLines(shown, help, { first, width }));
}

/** A word and what it means beside it, or below it where both do not fit. */
function entryLines(word: string, meaning: string, room: { first: number; width: number }): readonly string[] {
  const [indent, gap] = [2, 2];
  const beside = room.width - indent - room.first - gap;
  if (beside < LEAST_BESIDE) {
    return [`  ${word}`, ...wrapText(meaning, room.width - 2 * indent - 2).map((line) => `      ${line}`)];
  }
  const [head = "", ...rest] = wrapText(meaning, beside);
  return [
    `  ${padTo(word, room.first, "right")}  ${head}`,
    ...rest.map((line) => " ".repeat(indent + room.first + gap) + line),
  ];
}

/** Fewer cells than these make a column of single words. */
const LEAST_BESIDE = 24;

function exitLines(exits: readonly ExitMeaning[], width: number): readonly string[] {
  const text = exits.map(({ status, meaning }) => `${status} ${meaning}`).join("; ");
  const [head = "", ...rest] = wrapText(`exit status: ${text}`, width - 2);
  return [head, ...rest.map((line) => `  ${line}`)];
}
