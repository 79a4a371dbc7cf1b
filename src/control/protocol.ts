import * as z from "zod/mini";
import { DEFAULT_HISTORY_LINES, MOST_HISTORY_LINES } from "../core/history-view.ts";
import { MAX_INSTANCES } from "../core/most-instances.ts";
import { PUBLIC_STATES } from "../core/service-view.ts";
import {
  DEFAULT_LOG_LINES,
  MAX_HEARTBEAT_MS,
  MAX_LOG_LINES,
  MAX_NAMES,
  MIN_HEARTBEAT_MS,
  MAX_TIMEOUT_MS,
} from "./limits.ts";
import { wholeNumber, yesOrNo } from "./query-values.ts";

export { outputHead, outputItem, outputLine, outputNote, outputQuery } from "./output-protocol.ts";

/**
 * What travels over the control socket. Requests are strict: an unknown member is refused, so that a mistyped
 * "timout" does not wait for ever. Answers are described for those who read them; the client takes only their types.
 * Streams are NDJSON: one object a line, after one empty line that says the stream is open.
 */

/** Longest glob, name or signal that is looked at, in characters. */
const MAX_TEXT = 255;

const timeout = z._default(z.nullable(z.int().check(z.minimum(1), z.maximum(MAX_TIMEOUT_MS))), null);

/** Body of start, stop, restart, reload and reset. `timeout` in milliseconds; null: until it is decided. */
export const askBody = z.strictObject({ wait: z._default(z.boolean(), true), timeout });

/** Body of signal; `signal` is a name, with or without SIG, or a number. */
export const signalBody = z.strictObject({ signal: z.string().check(z.maxLength(MAX_TEXT)) });

/**
 * Body of act: what is asked for several services at once, in the order in which they need each other. `services` are names
 * and globs; `signal` belongs to the verb signal.
 */
export const actBody = z.strictObject({
  verb: z.enum(["start", "stop", "restart", "reload", "reset", "signal"]),
  services: z.array(z.string().check(z.maxLength(MAX_TEXT))).check(z.minLength(1), z.maxLength(MAX_NAMES)),
  wait: z._default(z.boolean(), true),
  timeout,
  signal: z._default(z.nullable(z.string().check(z.maxLength(MAX_TEXT))), null),
});

/** Body of the reload of everything. */
export const reloadBody = z.strictObject({ dry_run: z._default(z.boolean(), false) });

/** Body of scale. `instances` null: as many as the file says. */
export const scaleBody = z.strictObject({
  instances: z.nullable(z.int().check(z.minimum(0), z.maximum(MAX_INSTANCES))),
  wait: z._default(z.boolean(), true),
  timeout,
});

/** Body of shutdown: nothing to say yet. */
export const emptyBody = z.strictObject({});

/** Query of services: a glob. */
export const servicesQuery = z.strictObject({ name: z.optional(z.string().check(z.maxLength(MAX_TEXT))) });

/** Query of logs. */
export const logsQuery = z.strictObject({
  lines: z._default(wholeNumber(0, MAX_LOG_LINES), DEFAULT_LOG_LINES),
  follow: z._default(yesOrNo, false),
});

/** Query of history. `name`: names and globs with commas between them; `since`: ISO 8601. */
export const historyQuery = z.strictObject({
  name: z.optional(z.string().check(z.maxLength(16 * MAX_TEXT))),
  since: z.optional(z.string().check(z.maxLength(MAX_TEXT))),
  lines: z._default(wholeNumber(0, MOST_HISTORY_LINES), DEFAULT_HISTORY_LINES),
});

/** Query of events. `after`: the number of the last known one; `heartbeat`: how often to say that nothing happens, in milliseconds. */
export const eventsQuery = z.strictObject({
  after: z.optional(z.string().check(z.maxLength(MAX_TEXT))),
  heartbeat: z._default(z.nullable(wholeNumber(MIN_HEARTBEAT_MS, MAX_HEARTBEAT_MS)), null),
});

/** Times are ISO 8601 UTC. A member without a value is null, never absent. */
export const serviceView = z.strictObject({
  name: z.string(),
  description: z.string(),
  type: z.enum(["simple", "oneshot", "forking"]),
  state: z.enum(PUBLIC_STATES),
  want: z.enum(["up", "down"]),
  ready: z.boolean(),
  pid: z.nullable(z.int()),
  since: z.string(),
  uptime_ms: z.nullable(z.number()),
  restarts: z.int(),
  last_exit: z.nullable(
    z.strictObject({ at: z.string(), code: z.nullable(z.int()), signal: z.nullable(z.string()), reason: z.string() }),
  ),
  next_start: z.nullable(z.string()),
  status: z.nullable(z.string()),
  health: z.nullable(z.string()),
  health_detail: z.nullable(z.string()),
  health_output: z.nullable(z.string()),
  stale: z.boolean(),
  stale_detail: z.nullable(z.string()),
  well: z.boolean(),
  message: z.nullable(z.string()),
});

/** Answer to every request about one service, and to shutdown. `service`: as it is afterwards; null if it is gone. */
export const askAnswer = z.strictObject({
  result: z.enum(["done", "failed", "overtaken", "timed-out"]),
  message: z.nullable(z.string()),
  service: z.nullable(serviceView),
});

/**
 * A line of the answer to act. For each service there is one that says "asked" at once, and another one as soon as it is
 * decided; for each name and glob that means none there is one that says "no-such-service".
 */
export const actLine = z.strictObject({
  name: z.string(),
  result: z.enum(["asked", "done", "failed", "overtaken", "timed-out", "no-such-service"]),
  message: z.nullable(z.string()),
  service: z.nullable(serviceView),
});

const names = z.array(z.string());

/** Answer to the reload of everything. An invalid configuration is a problem with the members `problems` and exit 6. */
export const reloadAnswer = z.strictObject({
  result: z.literal("done"),
  difference: z.strictObject({ added: names, removed: names, changed: names, adjusted: names, unchanged: names }),
  relayed: names,
  notes: z.array(z.string()),
  plan: z.array(
    z.strictObject({
      name: z.string(),
      change: z.enum(["added", "removed", "changed", "adjusted", "unchanged"]),
      effect: z.string(),
    }),
  ),
});

/** Answer to scale. `instances`: all that there are now. */
export const scaleAnswer = z.strictObject({
  result: z.enum(["done", "failed", "overtaken", "timed-out"]),
  added: names,
  removed: names,
  instances: names,
  notes: z.array(z.string()),
});

/** Without a supervisor the command line makes the same of the files alone, with `state` and `start` null. */
export const graphView = z.strictObject({
  services: z.array(
    z.strictObject({
      name: z.string(),
      type: z.enum(["simple", "oneshot", "forking"]),
      state: z.nullable(z.enum(PUBLIC_STATES)),
      requires: z.array(z.strictObject({ name: z.string(), restart_with: z.boolean() })),
      wants: names,
      after: names,
      before: names,
      conflicts: names,
      start: z.nullable(
        z.strictObject({
          asked_at: z.string(),
          waited_ms: z.nullable(z.number()),
          took_ms: z.nullable(z.number()),
        }),
      ),
    }),
  ),
  critical_path: names,
});

/** What the processes of a service use. `cpu_percent`: of one processor, over the last `cpu_over_ms`. */
export const usageView = z.strictObject({
  name: z.string(),
  processes: z.int(),
  cpu_ms: z.number(),
  cpu_percent: z.number(),
  cpu_over_ms: z.int(),
  memory_bytes: z.int(),
});

const link = z.strictObject({
  name: z.string(),
  how: z.enum(["requires", "wants", "after"]),
  state: z.nullable(z.enum(PUBLIC_STATES)),
});

/** What there is to know of a service beside its state. `processes`: the main one first, each after its parent. */
export const detailsView = z.strictObject({
  name: z.string(),
  source: z.string(),
  user: z.nullable(z.string()),
  ready_by: z.nullable(z.string()),
  health_by: z.nullable(z.string()),
  schedule: z.nullable(z.string()),
  needs: z.array(link),
  needed_by: z.array(link),
  sockets: z.array(z.strictObject({ name: z.string(), address: z.string() })),
  stored_descriptors: names,
  log_file: z.nullable(z.string()),
  usage: z.nullable(usageView),
  processes: z.array(
    z.strictObject({
      pid: z.int(),
      parent: z.int(),
      name: z.string(),
      state: z.string(),
      cpu_ms: z.number(),
      memory_bytes: z.int(),
    }),
  ),
});

export const logLine = z.strictObject({
  at: z.string(),
  service: z.string(),
  stream: z.enum(["stdout", "stderr"]),
  pid: z.int(),
  text: z.string(),
});

export const eventView = z.strictObject({
  number: z.int(),
  at: z.string(),
  service: z.nullable(z.string()),
  event: z.enum(["state", "exit", "reload", "relay", "removed", "shutdown", "problem", "left", "health", "missed"]),
  state: z.nullable(z.enum(PUBLIC_STATES)),
  previous: z.nullable(z.enum(PUBLIC_STATES)),
  pid: z.nullable(z.int()),
  message: z.nullable(z.string()),
});

export const versionView = z.strictObject({
  version: z.string(),
  pid: z.int(),
  since: z.string(),
  config: z.string(),
  services: z.int(),
});

/** Answer to healthz and readyz if all is well. */
export const healthAnswer = z.strictObject({ status: z.literal("ok") });

/** The description of all this: OpenAPI 3.1. */
export const openApi = z.looseObject({ openapi: z.string() });

/** RFC 9457. `instance` is the path that was asked for; `exit` is the status that a command ends with; `problems` are those of the configuration, else empty. */
export const problemDetails = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  exit: z.int(),
  problems: z.array(z.string()),
});

export type ActBody = Readonly<z.infer<typeof actBody>>;
export type ActLine = Readonly<z.infer<typeof actLine>>;
export type AskAnswer = Readonly<z.infer<typeof askAnswer>>;
export type ReloadAnswer = Readonly<z.infer<typeof reloadAnswer>>;
export type ScaleAnswer = Readonly<z.infer<typeof scaleAnswer>>;
export type ProblemDetails = Readonly<z.infer<typeof problemDetails>>;
