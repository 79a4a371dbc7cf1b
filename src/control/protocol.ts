import { DEFAULT_HISTORY_LINES, MOST_HISTORY_LINES } from "../core/history-view.ts";
import { LOSS_REASONS } from "../core/log-loss.ts";
import { MAX_INSTANCES } from "../core/most-instances.ts";
import { EVENT_KINDS, PUBLIC_STATES } from "../core/service-view.ts";
import {
  DEFAULT_LOG_LINES,
  MAX_HEARTBEAT_MS,
  MAX_LOG_LINES,
  MAX_NAMES,
  MIN_HEARTBEAT_MS,
  MAX_TIMEOUT_MS,
} from "./limits.ts";
import {
  choice,
  flag,
  list,
  nullOr,
  number,
  object,
  moment,
  openObject,
  optional,
  otherwise,
  text,
  whole,
  type ValueOf,
} from "./shape.ts";

/**
 * What travels over the control socket. Requests are strict: an unknown member is refused, so that a mistyped
 * "timout" does not wait for ever. Answers are described for those who read them; the client takes only their types.
 * Streams are NDJSON: one object a line, after one empty line that says the stream is open.
 */

/** Longest glob, name or signal that is looked at, in characters. */
const MAX_TEXT = 255;
/** Longest path, PATH_MAX of the kernel, in characters. */
const MAX_PATH = 4095;

const timeout = optional(whole(1, MAX_TIMEOUT_MS));

/** Body of stop, restart, reload and reset. `timeout` in milliseconds; null: until it is decided. */
export const askBody = object({ wait: otherwise(flag(), true), timeout });

/** Body of start. `type`: an instance that there is not yet is made only if it is of this type. */
export const startBody = object({ wait: otherwise(flag(), true), timeout, type: optional(choice(["oneshot"])) });

/** Body of signal; `signal` is a name, with or without SIG, or a number. */
export const signalBody = object({ signal: text(MAX_TEXT) });

/**
 * Body of act: what is asked for several services at once, in the order in which they need each other. `services` are names
 * and globs; `signal` belongs to the verb signal.
 */
export const actBody = object({
  verb: choice(["start", "stop", "restart", "reload", "reset", "signal"]),
  services: list(text(MAX_TEXT), 1, MAX_NAMES),
  wait: otherwise(flag(), true),
  timeout,
  signal: optional(text(MAX_TEXT)),
});

/** Body of the reload of everything. */
export const reloadBody = object({ dry_run: otherwise(flag(), false) });

/** Body of scale. `instances` null: as many as the file says. */
export const scaleBody = object({
  instances: nullOr(whole(0, MAX_INSTANCES)),
  wait: otherwise(flag(), true),
  timeout,
});

/** Body of upgrade. `binary`: an absolute path; null: the file that the supervisor was started from. */
export const upgradeBody = object({ binary: optional(text(MAX_PATH)) });

/** Body of shutdown: nothing to say yet. */
export const emptyBody = object({});

/** Query of services: a glob. */
export const servicesQuery = object({ name: optional(text(MAX_TEXT)) });

/** Query of logs. */
export const logsQuery = object({
  lines: otherwise(whole(0, MAX_LOG_LINES), DEFAULT_LOG_LINES),
  follow: otherwise(flag(), false),
});

/** Query of history. `name`: names and globs with commas between them. */
export const historyQuery = object({
  name: optional(text(16 * MAX_TEXT)),
  since: optional(moment()),
  lines: otherwise(whole(0, MOST_HISTORY_LINES), DEFAULT_HISTORY_LINES),
});

/** Query of events. `after`: the number of the last known one; `heartbeat`: how often to say that nothing happens, in milliseconds. */
export const eventsQuery = object({
  after: optional(text(MAX_TEXT)),
  heartbeat: optional(whole(MIN_HEARTBEAT_MS, MAX_HEARTBEAT_MS)),
});

/** Times are ISO 8601 UTC. A member without a value is null, never absent. */
export const serviceView = object({
  name: text(),
  description: text(),
  type: choice(["simple", "oneshot", "forking"]),
  state: choice(PUBLIC_STATES),
  want: choice(["up", "down"]),
  ready: flag(),
  pid: nullOr(whole()),
  since: text(),
  uptime_ms: nullOr(number()),
  restarts: whole(),
  last_exit: nullOr(object({ at: text(), code: nullOr(whole()), signal: nullOr(text()), reason: text() })),
  next_start: nullOr(text()),
  status: nullOr(text()),
  health: nullOr(text()),
  health_detail: nullOr(text()),
  health_output: nullOr(text()),
  stale: flag(),
  stale_detail: nullOr(text()),
  well: flag(),
  message: nullOr(text()),
});

/** Answer to every request about one service, and to shutdown. `service`: as it is afterwards; null if it is gone. */
export const askAnswer = object({
  result: choice(["done", "failed", "overtaken", "timed-out"]),
  message: nullOr(text()),
  service: nullOr(serviceView),
});

/**
 * A line of the answer to act. For each service there is one that says "asked" at once, and another one as soon as it is
 * decided; for each name and glob that means none there is one that says "no-such-service".
 */
export const actLine = object({
  name: text(),
  result: choice(["asked", "done", "failed", "overtaken", "timed-out", "no-such-service"]),
  message: nullOr(text()),
  service: nullOr(serviceView),
});

const names = list(text());

/** Answer to the reload of everything. An invalid configuration is a problem with the members `problems` and exit 6. */
export const reloadAnswer = object({
  result: choice(["done"]),
  difference: object({ added: names, removed: names, changed: names, adjusted: names, unchanged: names }),
  relayed: names,
  notes: list(text()),
  plan: list(
    object({
      name: text(),
      change: choice(["added", "removed", "changed", "adjusted", "unchanged"]),
      effect: text(),
    }),
  ),
});

/** Answer to scale. `instances`: all that there are now. */
export const scaleAnswer = object({
  result: choice(["done", "failed", "overtaken", "timed-out"]),
  added: names,
  removed: names,
  instances: names,
  notes: list(text()),
});

/** Without a supervisor the command line makes the same of the files alone, with `state` and `start` null. */
export const graphView = object({
  services: list(
    object({
      name: text(),
      type: choice(["simple", "oneshot", "forking"]),
      state: nullOr(choice(PUBLIC_STATES)),
      requires: list(object({ name: text(), restart_with: flag() })),
      wants: names,
      after: names,
      before: names,
      conflicts: names,
      start: nullOr(object({ asked_at: text(), waited_ms: nullOr(number()), took_ms: nullOr(number()) })),
    }),
  ),
  critical_path: names,
});

/** What the processes of a service use. `cpu_percent`: of one processor, over the last `cpu_over_ms`. */
export const usageView = object({
  name: text(),
  processes: whole(),
  cpu_ms: number(),
  cpu_percent: number(),
  cpu_over_ms: whole(),
  memory_bytes: whole(),
});

const link = object({
  name: text(),
  how: choice(["requires", "wants", "after"]),
  state: nullOr(choice(PUBLIC_STATES)),
});

/** What there is to know of a service beside its state. `processes`: the main one first, each after its parent. */
export const detailsView = object({
  name: text(),
  source: text(),
  user: nullOr(text()),
  ready_by: nullOr(text()),
  health_by: nullOr(text()),
  schedule: nullOr(text()),
  needs: list(link),
  needed_by: list(link),
  sockets: list(object({ name: text(), address: text() })),
  stored_descriptors: names,
  log_file: nullOr(text()),
  log_losses: list(object({ sink: text(), reason: choice(LOSS_REASONS), lines: whole() })),
  usage: nullOr(usageView),
  processes: list(
    object({
      pid: whole(),
      parent: whole(),
      name: text(),
      state: text(),
      cpu_ms: number(),
      memory_bytes: whole(),
    }),
  ),
});

/** `pid`: null where what holds the line does not tell. */
export const logLine = object({
  at: text(),
  service: text(),
  stream: choice(["stdout", "stderr"]),
  pid: nullOr(whole()),
  text: text(),
});

export const eventView = object({
  number: whole(),
  at: text(),
  service: nullOr(text()),
  event: choice(EVENT_KINDS),
  state: nullOr(choice(PUBLIC_STATES)),
  previous: nullOr(choice(PUBLIC_STATES)),
  pid: nullOr(whole()),
  message: nullOr(text()),
});

/** `message`: why it failed, or what of it did. */
export const upgradeView = object({
  at: text(),
  from: text(),
  to: text(),
  binary: text(),
  result: choice(["begun", "done", "failed"]),
  message: nullOr(text()),
});

/** `since`: when this supervisor began; `daemon_since`: the first of those that went on one after the other up to it, and `version_since` the first of those of its version. */
export const versionView = object({
  version: text(),
  pid: whole(),
  since: text(),
  daemon_since: text(),
  version_since: text(),
  generation: whole(),
  replacements: whole(),
  config: text(),
  directories: object({ runtime: text(), state: text(), log: text() }),
  services: whole(),
  binary: text(),
  guardian: nullOr(object({ version: text(), pid: whole(), since: text() })),
  upgrade: nullOr(upgradeView),
});

/** Answer to healthz and readyz if all is well. */
export const healthAnswer = object({ status: choice(["ok"]) });

/** The description of all this: OpenAPI 3.1. */
export const openApi = openObject({ openapi: text() });

/** RFC 9457. `instance` is the path that was asked for; `exit` is the status that a command ends with; `problems` are those of the configuration, else empty. */
export const problemDetails = object({
  type: text(),
  title: text(),
  status: whole(),
  detail: text(),
  instance: text(),
  exit: whole(),
  problems: list(text()),
});

export type ActBody = ValueOf<typeof actBody>;
export type ActLine = ValueOf<typeof actLine>;
export type AskAnswer = ValueOf<typeof askAnswer>;
export type ReloadAnswer = ValueOf<typeof reloadAnswer>;
export type ScaleAnswer = ValueOf<typeof scaleAnswer>;
export type ProblemDetails = ValueOf<typeof problemDetails>;
