import type { Example } from "./command.ts";
import type { ExitMeaning } from "./command-reference.ts";
import type { OptionTable } from "./parse-arguments.ts";
import { START_OPTIONS } from "./start-options.ts";

/** What there is to say of the program itself, beside its commands: the source of its help and its manual. */
export interface ProgramReference {
  readonly name: string;
  readonly summary: string;
  /** Of the command line that starts a supervisor. */
  readonly usage: string;
  readonly about: string;
  readonly options: OptionTable;
  readonly examples: readonly Example[];
  /** Of all commands together. */
  readonly exits: readonly ExitMeaning[];
  /** Signals that the supervisor may be sent, and what each does. */
  readonly signals: readonly (readonly [signal: string, what: string])[];
  /** Environment variables that are looked at, and what each does. */
  readonly environment: readonly (readonly [name: string, what: string])[];
  /** Files and directories, as root; where they are for another user, `what` says. */
  readonly files: readonly (readonly [path: string, what: string])[];
}

export const PROGRAM: ProgramReference = {
  name: "daemonsup",
  summary: "keeps the programs of a directory of definitions running",
  usage: "daemonsup --config DIR [options]",
  about: `Starts a supervisor for the services that are defined in DIR, waits until each of them was started or has failed,
prints one line and leaves the supervisor running in the background. If the start fails it says why, and nothing is left
behind.

Every other use of the program talks to a supervisor that runs.`,
  options: START_OPTIONS,
  examples: [
    { line: "daemonsup init", what: "make definitions to begin with" },
    { line: "daemonsup --config services.d", what: "start" },
    { line: "daemonsup status", what: "look" },
  ],
  exits: [
    { status: "0", meaning: "done" },
    { status: "1", meaning: "failed" },
    { status: "2", meaning: "usage" },
    { status: "3", meaning: "status: not all is well" },
    { status: "4", meaning: "permission denied" },
    { status: "5", meaning: "no such service" },
    { status: "6", meaning: "configuration invalid" },
    { status: "7", meaning: "no supervisor running" },
    { status: "124", meaning: "timed out" },
    { status: "130", meaning: "interrupted" },
  ],
  signals: [
    [
      "SIGHUP",
      "read everything again; if anything is invalid, change nothing, else apply the difference, and have the services that were not restarted do their reload",
    ],
    [
      "SIGTERM, SIGINT",
      "stop every service in order, kill what outlives its timeout, end; a second one, 2 s or more after the first, kills at once",
    ],
    ["SIGQUIT", "kill everything at once, and end"],
    ["SIGUSR1", "open all log files again"],
    ["SIGUSR2", "replace the program by the one on disk, as daemonsup upgrade does"],
  ],
  environment: [
    ["DAEMONSUP_RUNTIME_DIR", "which supervisor is meant, unless --name or --runtime-dir says it"],
    ["XDG_STATE_HOME", "of a user who is not root: daemonsup below it holds all directories (~/.local/state)"],
    ["NO_COLOR", "if it is not empty, nothing is coloured"],
    ["LANG, LC_CTYPE, LC_ALL", "whether lines and ellipses may be drawn in Unicode"],
  ],
  files: [
    ["/run/daemonsup", "pid file, control socket and state of the services; else $XDG_STATE_HOME/daemonsup/run/HOST"],
    ["/var/lib/daemonsup", "what outlives a boot; else $XDG_STATE_HOME/daemonsup/state"],
    ["/var/log/daemonsup", "logs; else $XDG_STATE_HOME/daemonsup/log"],
  ],
};
