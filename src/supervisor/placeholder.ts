import type { Definition } from "../core/definition.ts";
import { NO_HOOKS } from "../core/life-policies.ts";
import { SINGLE_LINES } from "../core/log-policy.ts";
import { millis } from "../core/units.ts";

/** Stands for a service that runs but whose definition is gone: enough to stop it properly. */
export function placeholderFor(service: string): Definition {
  return {
    name: service,
    source: "",
    description: "its definition is gone",
    command: ["true"],
    runtime: "none",
    type: "simple",
    start: "manual",
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
    pidFile: null,
    restart: {
      policy: "never",
      delay: millis(100),
      maxDelay: millis(30_000),
      resetAfter: millis(10_000),
      limit: null,
      success: [0],
      prevent: [],
    },
    stop: { signal: "SIGTERM", command: null, timeout: millis(10_000), scope: "group" },
    reload: { action: "none", signal: "SIGHUP", signalIsWritten: false, command: null },
    limits: {},
    log: { sinks: [], multiline: SINGLE_LINES, isJoined: false, direct: null },
  };
}
