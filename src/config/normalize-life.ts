import type { Definition } from "../core/definition.ts";
import {
  type Check,
  type HealthPolicy,
  type Hook,
  type HookPolicies,
  type ListenAddress,
  NO_HOOKS,
  type ReadyMethod,
  type ReadyPolicy,
  type SocketPolicy,
} from "../core/life-policies.ts";
import type { ParsedDefinition } from "./definition-schema.ts";
import type { ParsedHook } from "./hook-schema.ts";
import { remembered } from "./remembered.ts";

/** Makes paths and programs of a definition absolute. */
export interface Places {
  path(path: string): string;
  /** The first word of a command, if it is a path. */
  command(words: readonly string[]): readonly string[];
}

export type LifeFields = Pick<
  Definition,
  | "requires"
  | "wants"
  | "after"
  | "before"
  | "conflicts"
  | "ready"
  | "health"
  | "watchdog"
  | "notifyAccess"
  | "descriptorStore"
  | "sockets"
  | "hooks"
  | "condition"
  | "schedule"
  | "watch"
>;

/** Gives what a definition says of its life beside its process. The checks across keys have found nothing wrong. */
export function lifeFieldsIn(places: Places): (parsed: ParsedDefinition) => LifeFields {
  const allSocketsOf = remembered((sockets: ParsedDefinition["sockets"]) => socketsOf(sockets, places));
  return (parsed) => ({ ...lifeFieldsOf(parsed, places), sockets: allSocketsOf(parsed.sockets) });
}

function lifeFieldsOf(parsed: ParsedDefinition, places: Places): Omit<LifeFields, "sockets"> {
  const { condition, schedule, watch } = parsed;
  return {
    requires: parsed.requires,
    wants: parsed.wants,
    after: parsed.after,
    before: parsed.before,
    conflicts: parsed.conflicts,
    ready: readyOf(parsed, places),
    health: healthOf(parsed, places),
    watchdog: parsed.watchdog ?? null,
    notifyAccess: parsed.notify_access ?? (isNotified(parsed) ? "main" : "none"),
    descriptorStore: parsed.fd_store ?? null,
    hooks: parsed.hooks === undefined ? NO_HOOKS : hooksOf(parsed.hooks, places),
    condition:
      condition === undefined
        ? null
        : {
            pathExists: condition.path_exists.map(places.path),
            pathMissing: condition.path_missing.map(places.path),
            fileNotEmpty: condition.file_not_empty.map(places.path),
            directoryNotEmpty: condition.directory_not_empty.map(places.path),
            host: condition.host,
          },
    schedule:
      schedule === undefined
        ? null
        : {
            cron: schedule.cron ?? null,
            every: schedule.every ?? null,
            timezone: schedule.timezone ?? null,
            jitter: schedule.jitter,
            catchUp: schedule.catch_up,
            overlap: schedule.overlap,
          },
    watch: watch === undefined ? null : { ...watch, paths: watch.paths.map(places.path) },
  };
}

function isNotified({ ready, watchdog, fd_store: store }: ParsedDefinition): boolean {
  return ready?.notify === true || watchdog !== undefined || store !== undefined;
}

function readyOf({ ready }: ParsedDefinition, places: Places): ReadyPolicy | null {
  if (ready === undefined) return null;
  const method = methodOf(ready, places);
  if (method === null) throw new Error("internal error: [ready] without a method");
  return { method, timeout: ready.timeout, interval: ready.interval };
}

function methodOf(ready: NonNullable<ParsedDefinition["ready"]>, places: Places): ReadyMethod | null {
  if (ready.notify === true) return { tag: "notify" };
  if (ready.fd !== undefined) return { tag: "fd", fd: ready.fd };
  if (ready.log !== undefined) return { tag: "log", pattern: ready.log };
  return checkOf(ready, places);
}

function healthOf({ health }: ParsedDefinition, places: Places): HealthPolicy | null {
  if (health === undefined) return null;
  const check = checkOf(health, places);
  if (check === null) throw new Error("internal error: [health] without a check");
  const { interval, timeout, failures, successes, start_period: startPeriod, action } = health;
  return { check, interval, timeout, failures, successes, startPeriod, action };
}

interface ParsedChecks {
  readonly tcp?: { readonly host: string; readonly port: number } | undefined;
  readonly http?: string | undefined;
  readonly command?: readonly string[] | undefined;
}

function checkOf({ tcp, http, command }: ParsedChecks, places: Places): Check | null {
  if (tcp !== undefined) return { tag: "tcp", ...tcp };
  if (http !== undefined) return { tag: "http", url: http };
  return command === undefined ? null : { tag: "command", command: places.command(command) };
}

function socketsOf(sockets: ParsedDefinition["sockets"], places: Places): readonly SocketPolicy[] {
  return Object.entries(sockets)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, { listen, backlog, reuse_port: reusePort, mode, owner, group, on_demand: onDemand }]) => ({
      name,
      listen: listenOf(listen, places),
      backlog,
      reusePort,
      mode,
      owner: owner ?? null,
      group: group ?? null,
      onDemand,
    }));
}

function listenOf(listen: ListenAddress, places: Places): ListenAddress {
  return "path" in listen ? { ...listen, path: places.path(listen.path) } : listen;
}

function hooksOf(hooks: NonNullable<ParsedDefinition["hooks"]>, places: Places): HookPolicies {
  const hookOf = (hook: ParsedHook | undefined): Hook | null =>
    hook === undefined ? null : { command: places.command(hook.command), timeout: hook.timeout };
  const { on_failure: onFailure } = hooks;
  return {
    beforeStart: hookOf(hooks.before_start),
    afterStart: hookOf(hooks.after_start),
    beforeStop: hookOf(hooks.before_stop),
    afterStop: hookOf(hooks.after_stop),
    onFailure:
      onFailure === undefined
        ? null
        : "start" in onFailure
          ? { tag: "start", service: onFailure.start }
          : { tag: "command", hook: { command: places.command(onFailure.command), timeout: onFailure.timeout } },
  };
}
