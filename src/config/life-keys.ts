import * as z from "zod";
import type { DescriptorStorePolicy } from "../core/life-policies.ts";
import { MAX_INSTANCES } from "../core/most-instances.ts";
import { healthSchema, readySchema, watchdogSchema } from "./check-schemas.ts";
import { conditionSchema, watchSchema } from "./condition-schemas.ts";
import { hooksSchema } from "./hook-schema.ts";
import { builtLate, keyOf } from "./key-meta.ts";
import { requirements, serviceNames } from "./link-schema.ts";
import { scheduleSchema } from "./schedule-schema.ts";
import { choice, wholeNumber } from "./schema-parts.ts";
import { socketsSchema } from "./socket-schema.ts";

/** More descriptors than these are not kept for a service. */
const MAX_STORED = 1024;

/** Keys that say what a service has to do with others. */
export function linkKeys() {
  const facts = { live: true, limit: "256 names", shared: false } as const;
  return {
    requires: keyOf(builtLate(requirements).default([]), {
      ...facts,
      description:
        "Must be ready (a oneshot: done; on demand: its socket is enough; with a schedule: run now) before it is started, and stops after it; it is brought in by a start. With `restart_with`, a restart of that service restarts this one too",
      example: 'requires = ["db", { name = "queue", restart_with = true }]',
    }),
    wants: keyOf(builtLate(serviceNames).default([]), {
      ...facts,
      description: "Brought in by a start and waited for, but its failure is no obstacle",
      example: 'wants = ["cache"]',
    }),
    after: keyOf(builtLate(serviceNames).default([]), {
      ...facts,
      description: "Started after these and stopped before them, where both are started or stopped",
      example: 'after = ["net"]',
    }),
    before: keyOf(builtLate(serviceNames).default([]), {
      ...facts,
      description: "Started before these and stopped after them, where both are started or stopped",
      example: 'before = ["proxy"]',
    }),
    conflicts: keyOf(builtLate(serviceNames).default([]), {
      ...facts,
      description: "A start of this stops those, and the other way round",
      example: 'conflicts = ["old-api"]',
    }),
    instances: keyOf(wholeNumber(0, MAX_INSTANCES).optional(), {
      description: "Makes the file a template of NAME@1 to NAME@N; `daemonsup scale` overrules it",
      live: true,
      limit: String(MAX_INSTANCES),
      shared: false,
      field: null,
      initial: "no template, or for `NAME@.toml` 0",
      example: "instances = 4",
    }),
  };
}

/** Keys that say when it is up and well, and what belongs to its life beside its process. */
export function lifeKeys() {
  return {
    ready: keyOf(builtLate(readySchema).optional(), {
      description: "When it counts as up: one of the methods; without it, as soon as it has been started",
      live: false,
      limit: "1 method",
      shared: false,
    }),
    health: keyOf(builtLate(healthSchema).optional(), {
      description: "How its health is checked while it is up: one of tcp, http and command",
      live: true,
      limit: "1 method",
      shared: false,
    }),
    watchdog: keyOf(builtLate(watchdogSchema).optional(), {
      description: "It has to say again and again that it is well, over `NOTIFY_SOCKET`",
      live: true,
      limit: "1 table",
      shared: false,
    }),
    notify_access: keyOf(choice(["none", "main", "exec", "all"]).optional(), {
      description:
        "Whose messages over `NOTIFY_SOCKET` count: the main process, also hooks and commands, all that belongs to it",
      live: false,
      limit: "4 choices",
      initial: '`"main"` with `ready.notify`, `[watchdog]` or `fd_store`, otherwise `"none"`',
      example: 'notify_access = "all"',
    }),
    fd_store: keyOf(builtLate(descriptorStore).optional(), {
      description:
        'Descriptors that it may hand over for safekeeping (`FDSTORE=1`); kept over restarts, with `keep = "always"` also while it is down',
      live: false,
      limit: String(MAX_STORED),
      field: "descriptorStore",
      initial: "none are kept",
      example: 'fd_store = { max = 16, keep = "always" }',
    }),
    sockets: keyOf(builtLate(socketsSchema).default({}), {
      description:
        "Sockets that the supervisor opens and passes on, from descriptor 3 in the order of their names (`LISTEN_FDS`)",
      live: false,
      limit: "64 sockets",
      shared: false,
    }),
    hooks: keyOf(builtLate(hooksSchema).optional(), {
      description:
        "Commands around its life, as the service's user and with its output; each a command or `{ command, timeout }`, 60s by default",
      live: true,
      limit: "1 table",
    }),
    condition: keyOf(builtLate(conditionSchema).optional(), {
      description: "Where this does not hold the service is not started; it is down, not failed",
      live: true,
      limit: "1 table",
    }),
    schedule: keyOf(builtLate(scheduleSchema).optional(), {
      description: "When a oneshot is run: either cron or every",
      live: true,
      limit: "1 table",
      shared: false,
    }),
    watch: keyOf(builtLate(watchSchema).optional(), {
      description: "What is done when files change",
      live: true,
      limit: "1 table",
      shared: false,
    }),
  };
}

function descriptorStore(): z.ZodType<DescriptorStorePolicy, unknown> {
  const plain = wholeNumber(1, MAX_STORED).transform((max): DescriptorStorePolicy => ({ max, keep: "restart" }));
  const table = z
    .strictObject({ max: wholeNumber(1, MAX_STORED), keep: choice(["restart", "always"]).default("restart") })
    .transform((store): DescriptorStorePolicy => store);
  return z.union([plain, table], { error: `a number of descriptors, or a table, like { max = 16, keep = "always" }` });
}
