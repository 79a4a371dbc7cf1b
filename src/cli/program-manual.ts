/* daemonsup(1), out of what the help is made of. */
import { type CommandReference, commandReferenceOf } from "./command-reference.ts";
import { COMMANDS } from "./commands.ts";
import type { OptionTable } from "./parse-arguments.ts";
import { PROGRAM } from "./program-reference.ts";
import { bold, entry, heading, pageHead, paragraphs, roffLine, subheading } from "./roff.ts";

/** The page as text. Loads every command. */
export async function renderProgramManual(version: string): Promise<string> {
  const references = await Promise.all(Object.keys(COMMANDS).map(commandReferenceOf));
  const commands = references.filter((reference) => reference !== null);
  const { name, summary } = PROGRAM;
  const lines = [
    ...pageHead({ name, section: 1, summary, source: `${name} ${version}` }),
    ...heading("SYNOPSIS"),
    bold(PROGRAM.usage),
    ".br",
    bold("daemonsup COMMAND [options]"),
    ...heading("DESCRIPTION"),
    ...paragraphs(PROGRAM.about),
    ".PP",
    roffLine("What a definition may say is told in daemonsup.toml(5)."),
    ...heading("OPTIONS"),
    ...options(PROGRAM.options),
    ...heading("COMMANDS"),
    ...paragraphs("Names of services may be globs, in quotes where the shell would take them for its own."),
    ...commands.flatMap(commandSection),
    ...heading("SIGNALS"),
    ...paragraphs("The number in the pid file, `supervisor.pid` in the runtime directory, may be sent these."),
    ...PROGRAM.signals.flatMap(([signal, what]) => entry(signal, what)),
    ...heading("EXIT STATUS"),
    ...PROGRAM.exits.flatMap(({ status, meaning }) => entry(status, meaning)),
    ...heading("ENVIRONMENT"),
    ...PROGRAM.environment.flatMap(([variable, what]) => entry(variable, what)),
    ...heading("FILES"),
    ...PROGRAM.files.flatMap(([path, what]) => entry(path, what)),
    ...heading("EXAMPLES"),
    ...PROGRAM.examples.flatMap(({ line, what }) => entry(line, what)),
    ...heading("SEE ALSO"),
    roffLine("daemonsup.toml(5), signal(7), syslog(3)"),
  ];
  return `${lines.join("\n")}\n`;
}

function commandSection(reference: CommandReference): readonly string[] {
  const { usage, about, examples, exits } = reference;
  const statuses = exits.map(({ status, meaning }) => `${status} ${meaning}`).join("; ");
  return [
    ...subheading(usage),
    ...paragraphs(about),
    ...options(reference.options),
    ...examples.flatMap(({ line, what }) => entry(line, what)),
    ".PP",
    roffLine(`Exit status: ${statuses}.`),
  ];
}

function options(table: OptionTable): readonly string[] {
  return Object.entries(table).flatMap(([name, { short, value, help }]) =>
    entry(`${short === null ? "" : `-${short}, `}--${name}${value === null ? "" : ` ${value}`}`, help),
  );
}
