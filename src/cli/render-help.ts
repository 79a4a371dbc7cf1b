import type { Command } from "./command.ts";
import type { OptionTable } from "./parse-arguments.ts";
import { START_OPTIONS } from "./parse-start-options.ts";

const HELP_OPTION: OptionTable = { help: { short: "h", value: null, help: "show this help" } };

/** The help of the program: `commands` are names and summaries. */
export function renderHelp(commands: readonly (readonly [string, string])[]): string {
  const width = Math.max(...commands.map(([name]) => name.length));
  return [
    "daemonsup - keeps the programs of a directory of definitions running",
    "",
    "usage: daemonsup --config DIR [options]    start a supervisor for the services in DIR",
    "       daemonsup COMMAND [options]         talk to the one that runs",
    "",
    "commands:",
    ...commands.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "options that start a supervisor:",
    ...optionLinesOf(START_OPTIONS),
    "",
    "Every command takes --help, and --name or --runtime-dir to say which supervisor is",
    "meant (or the variable DAEMONSUP_RUNTIME_DIR). Names may be globs: daemonsup stop 'web-*'",
    "",
    "exit status: 0 done, 1 failed, 2 usage, 3 not up (status), 4 permission denied,",
    "  5 no such service, 6 configuration invalid, 7 no supervisor running, 124 timed out",
    "",
    "first steps:",
    "  daemonsup check services.d",
    "  daemonsup --config services.d",
    "  daemonsup status",
    "",
  ].join("\n");
}

/** The help of one command. */
export function renderCommandHelp(name: string, command: Command): string {
  return [
    `usage: daemonsup ${name}${command.usage === "" ? "" : ` ${command.usage}`}`,
    "",
    command.about.trim(),
    "",
    "options:",
    ...optionLinesOf({ ...command.options, ...HELP_OPTION }),
    "",
  ].join("\n");
}

function optionLinesOf(table: OptionTable): readonly string[] {
  const entries = Object.entries(table).map(([name, option]) => {
    const short = option.short === null ? "    " : `-${option.short}, `;
    return [`${short}--${name}${option.value === null ? "" : ` ${option.value}`}`, option.help] as const;
  });
  const width = Math.max(...entries.map(([shown]) => shown.length));
  return entries.map(([shown, help]) => `  ${shown.padEnd(width)}  ${help}`);
}
