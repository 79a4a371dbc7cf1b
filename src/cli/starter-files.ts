/* What `init` writes: definitions that work as they are, and beside each key what else there could be. */

/** What is known of a service that is to be defined. */
export interface Starter {
  readonly name: string;
  readonly description: string;
  readonly command: readonly string[];
  /** null: any. */
  readonly directory: string | null;
  /** A PATH in which its program is found; null: the usual one will do. */
  readonly searchPath: string | null;
}

/** Beside the definitions; hidden, so that nobody takes it for one of them. */
export const SCHEMA_DIRECTORY = ".schema";

export function schemaFileOf(name: string): string {
  return `${SCHEMA_DIRECTORY}/${name}.schema.json`;
}

/** The service that is there when nothing else was found. */
export const HELLO: Starter = {
  name: "hello",
  description: "Says the time every ten seconds",
  command: ["/bin/sh", "-c", "while :; do date; sleep 10; done"],
  directory: null,
  searchPath: null,
};

/** A definition: what is known, then what else there could be, behind "#". */
export function renderDefinition({ name, description, command, directory, searchPath }: Starter): string {
  return `#:schema ./${schemaFileOf("definition")}
# One file a service: this one is called "${name}" because the file is. A line behind "#" shows what could be said.
# Every key is told by: daemonsup man daemonsup.toml | man -l -
# Is everything right?  daemonsup check DIR       Take a change over:  daemonsup reload

description = ${quote(description)}
command = [${command.map(quote).join(", ")}]
${directory === null ? '# directory = "/srv"' : `directory = ${quote(directory)}`}

# Another user, if the supervisor runs as root.
# user = "nobody"

# Services that must be ready before this one is started.
# requires = []

# Its environment is made anew: nothing of yours is in it but what stands here.
[environment]
${searchPath === null ? "" : `PATH = ${quote(searchPath)}\n`}# LOG_LEVEL = "info"

# When it ends it is started again: after 100 ms, then 200 ms and so on, up to 30 s.
[restart]
# policy = "on-failure"
# max_delay = "1m"

# It gets SIGTERM, and after the timeout SIGKILL.
[stop]
# timeout = "30s"

# Its output goes to ${name}.log in the log directory: daemonsup logs -f ${name}
[log]
# max_size = "100MiB"
# compress = "zstd"

# It is up as soon as it runs, unless one of these says when.
# [ready]
# http = "http://127.0.0.1:8080/healthz"

# It is restarted when this fails three times in a row.
# [health]
# http = "http://127.0.0.1:8080/healthz"
# interval = "10s"
`;
}

/** daemonsup.toml. */
export function renderSettings(): string {
  return `#:schema ./${schemaFileOf("settings")}
# The supervisor's own settings; every other file here is a service. All of it may be left out.

# Its own log, daemonsup.log in the log directory.
[log]
# level = "info"

# The same messages go to the system's log, if there is one.
[syslog]
# level = "notice"

# Who may use "daemonsup status" and the like beside the user who started it.
[control]
# group = "adm"

# What holds for every service that says nothing itself.
[defaults.log]
# keep = 5

[defaults.environment]
# TZ = "UTC"
`;
}

/** As TOML and JSON write it; a dollar sign that could be taken for a variable's is doubled. */
function quote(text: string): string {
  return JSON.stringify(text.replaceAll("$$", "$$$$").replaceAll("${", () => "$${"));
}
