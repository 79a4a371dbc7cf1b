/** What a word of the command line stands for, so that shells can complete it and manuals can explain it. */
export type ValueKind =
  | "service"
  | "template"
  /** A service of this type. */
  | "oneshot"
  | "command"
  | "signal"
  | "supervisor"
  | "time"
  | "number"
  | "directory"
  | "text"
  /** One of these words. */
  | readonly string[];

/** What the value of an option is called in the help, and what it stands for. */
export const OPTION_VALUES = {
  DIR: "directory",
  FORMAT: ["text", "dot", "mermaid"],
  MANAGER: ["systemd", "openrc", "cron"],
  N: "number",
  NAME: "supervisor",
  PATH: "text",
  PRIORITY: ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"],
  RE: "text",
  RUN: "number",
  STREAM: ["stdout", "stderr"],
  TIME: "time",
  WHEN: "text",
} as const satisfies Readonly<Record<string, ValueKind>>;

export type OptionValue = keyof typeof OPTION_VALUES;
