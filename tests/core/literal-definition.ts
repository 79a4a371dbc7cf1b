import type { Definition } from "../../src/core/definition.ts";
import { NO_HOOKS } from "../../src/core/life-policies.ts";
import { SINGLE_LINES } from "../../src/core/log-policy.ts";
import { millis } from "../../src/core/units.ts";

/** What a test changes of a definition; the tables key by key. */
export type DefinitionChanges = Partial<Omit<Definition, "restart" | "stop" | "reload">> & {
  readonly restart?: Partial<Definition["restart"]>;
  readonly stop?: Partial<Definition["stop"]>;
  readonly reload?: Partial<Definition["reload"]>;
};

/** A definition as the defaults make it, but for the changes. A restart waits 100 ms, a stop 10 s. */
export function literalDefinition({ restart, stop, reload, ...changes }: DefinitionChanges = {}): Definition {
  const type = changes.type ?? "simple";
  return {
    name: "web",
    source: "/services.d/web.toml",
    description: "",
    command: ["/bin/web"],
    runtime: "none",
    start: "auto",
    critical: false,
    instance: null,
    requires: [],
    wants: [],
    after: [],
    before: [],
    conflicts: [],
    ready: null,
    health: null,
    watchdog: null,
    notifyAccess: "none",
    descriptorStore: null,
    sockets: [],
    hooks: NO_HOOKS,
    condition: null,
    schedule: null,
    watch: null,
    user: null,
    group: null,
    groups: null,
    directory: "/",
    umask: 0o022,
    nice: 0,
    oomScoreAdjust: 0,
    noNewPrivileges: false,
    environment: {},
    secrets: {},
    environmentFiles: [],
    pidFile: type === "forking" ? "/run/web.pid" : null,
    limits: {},
    log: { sinks: [], multiline: SINGLE_LINES, isJoined: false, direct: null },
    ...changes,
    type,
    restart: {
      policy: type === "oneshot" || changes.critical === true ? "never" : "always",
      delay: millis(100),
      maxDelay: millis(30_000),
      resetAfter: millis(10_000),
      limit: null,
      success: type === "oneshot" ? [0] : [0, "SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"],
      prevent: [],
      ...restart,
    },
    stop: { signal: "SIGTERM", command: null, timeout: millis(10_000), scope: "group", ...stop },
    reload: { action: "signal", signal: "SIGHUP", signalIsWritten: false, command: null, ...reload },
  };
}
