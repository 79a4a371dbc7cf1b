import type { Command } from "./command.ts";

/** What a command is for. */
export type CommandGroup = "look" | "change" | "supervisor" | "setup" | "more";

/** What `daemonsup help` calls what is no command: how a supervisor is started. */
export const SUPERVISOR_TOPIC = "supervisor";

/** A command before it is loaded: each is loaded only when it is asked for, so that it costs nothing to the others. */
export interface CommandEntry {
  readonly group: CommandGroup;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command by its name, in the order in which the help lists them. Not a Map: to fill one costs a command 0.2 ms. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  status: {
    group: "look",
    summary: "show the services, those in trouble first",
    load: async () => (await import("./status.ts")).status,
  },
  top: {
    group: "look",
    summary: "watch and steer the services on the whole screen",
    load: async () => (await import("./top.ts")).top,
  },
  logs: {
    group: "look",
    summary: "show the last lines of output, or follow it",
    load: async () => (await import("./logs.ts")).logs,
  },
  events: {
    group: "look",
    summary: "show what happens, as it happens",
    load: async () => (await import("./events.ts")).events,
  },
  history: {
    group: "look",
    summary: "show what has happened to services, and why they crashed",
    load: async () => (await import("./history.ts")).history,
  },
  graph: {
    group: "look",
    summary: "show the order of the services, and how long each took",
    load: async () => (await import("./graph.ts")).graph,
  },
  start: {
    group: "change",
    summary: "start services",
    load: async () => (await import("./start.ts")).start,
  },
  stop: {
    group: "change",
    summary: "stop services",
    load: async () => (await import("./stop.ts")).stop,
  },
  restart: {
    group: "change",
    summary: "stop services and start them again",
    load: async () => (await import("./restart.ts")).restart,
  },
  run: {
    group: "change",
    summary: "run a oneshot now and end with its exit status",
    load: async () => (await import("./run.ts")).run,
  },
  scale: {
    group: "change",
    summary: "set the number of instances of a template",
    load: async () => (await import("./scale.ts")).scale,
  },
  signal: {
    group: "change",
    summary: "send a signal to the main process of services",
    load: async () => (await import("./signal.ts")).signal,
  },
  reset: {
    group: "change",
    summary: "forget the failures of services",
    load: async () => (await import("./reset.ts")).reset,
  },
  init: {
    group: "setup",
    summary: "make a directory of definitions to begin with",
    load: async () => (await import("./init.ts")).init,
  },
  check: {
    group: "setup",
    summary: "read the definitions and report every problem",
    load: async () => (await import("./check.ts")).check,
  },
  reload: {
    group: "supervisor",
    summary: "read the definitions again; with names, let services reload",
    load: async () => (await import("./reload.ts")).reload,
  },
  upgrade: {
    group: "supervisor",
    summary: "replace the supervisor's program, and let services run",
    load: async () => (await import("./upgrade.ts")).upgrade,
  },
  shutdown: {
    group: "supervisor",
    summary: "stop all services and the supervisor",
    load: async () => (await import("./shutdown.ts")).shutdown,
  },
  doctor: {
    group: "setup",
    summary: "look at the surroundings, and say what is wrong with them",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  install: {
    group: "setup",
    summary: "start a supervisor with the machine",
    load: async () => (await import("./install.ts")).install,
  },
  uninstall: {
    group: "setup",
    summary: "start it with the machine no longer",
    load: async () => (await import("./uninstall.ts")).uninstall,
  },
  schema: {
    group: "more",
    summary: "print the JSON Schema of definitions, for editors",
    load: async () => (await import("./schema.ts")).schema,
  },
  man: {
    group: "more",
    summary: "print a manual page",
    load: async () => (await import("./man.ts")).man,
  },
  completion: {
    group: "more",
    summary: "let bash, zsh or fish complete what you type",
    load: async () => (await import("./completion.ts")).completion,
  },
  version: {
    group: "more",
    summary: "show the version, and the supervisor's",
    load: async () => (await import("./version.ts")).version,
  },
  help: {
    group: "more",
    summary: "show this help, or that of a command",
    load: async () => (await import("./help.ts")).help,
  },
};

/** null: there is none of that name. */
export function commandOf(name: string): CommandEntry | null {
  return Object.hasOwn(COMMANDS, name) ? (COMMANDS[name] ?? null) : null;
}
