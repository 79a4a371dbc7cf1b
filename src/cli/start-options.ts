import type { OptionTable } from "./parse-arguments.ts";

/** What the command line that starts a supervisor takes. */
export const START_OPTIONS = {
  config: { short: null, value: "DIR", help: "directory of the service definitions" },
  foreground: { short: null, value: null, help: "stay in the foreground: for containers, systemd and a terminal" },
  "ready-timeout": { short: null, value: "TIME", help: "how long the start may take (default 60s)" },
  "stop-timeout": { short: null, value: "TIME", help: "how long the end may take before what is left is killed" },
  strict: { short: null, value: null, help: "fail if any service cannot be started" },
  "allow-empty": { short: null, value: null, help: "accept a directory without definitions" },
  "no-guardian": { short: null, value: null, help: "one process: nobody restarts the supervisor should it die" },
  name: { short: null, value: "NAME", help: "name of this supervisor, for more than one on a machine" },
  "runtime-dir": { short: null, value: "DIR", help: "directory of the pid file and the control socket" },
  "state-dir": { short: null, value: "DIR", help: "directory of what outlives a restart" },
  "log-dir": { short: null, value: "DIR", help: "directory of the log files" },
} as const satisfies OptionTable;

/** Why a supervisor cannot have this name, or null: it becomes the name of a directory. */
export function instanceNameProblem(name: string): string | null {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name)) return null;
  return `cannot use ${JSON.stringify(name)} as --name: want up to 64 letters, digits, ".", "_" or "-", not beginning with "." or "-"`;
}
