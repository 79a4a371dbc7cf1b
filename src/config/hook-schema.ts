import * as z from "zod";
import type { Millis } from "../core/units.ts";
import { millis } from "../core/units.ts";
import { command } from "./command-schema.ts";
import { keyOf } from "./key-meta.ts";
import { serviceName } from "./link-schema.ts";
import { duration } from "./schema-parts.ts";

/** A hook as parsed; its program may still be relative. */
export interface ParsedHook {
  readonly command: readonly string[];
  readonly timeout: Millis;
}

const DEFAULT_TIMEOUT = millis(60_000);
const WANT = `a command, like ["/usr/bin/x", "-v"], or a table, like { command = "x", timeout = "10s" }`;

/** [hooks]: what is run around the life of the service. */
export function hooksSchema() {
  return z.strictObject(
    {
      before_start: keyOf(hook().optional(), {
        description: "Run before each start; if it fails, the service is not started",
        live: true,
        limit: "1024 words, 1d",
        example: 'before_start = ["/usr/sbin/nginx", "-t"]',
      }),
      after_start: keyOf(hook().optional(), {
        description: "Run once the service is ready, before it counts as up; if it fails, so has the start",
        live: true,
        limit: "1024 words, 1d",
        example: 'after_start = "/usr/local/bin/register"',
      }),
      before_stop: keyOf(hook().optional(), {
        description: "Run before the service is asked to end; the stop goes on if it fails",
        live: true,
        limit: "1024 words, 1d",
        example: 'before_stop = { command = "/usr/local/bin/drain", timeout = "30s" }',
      }),
      after_stop: keyOf(hook().optional(), {
        description:
          "Run whenever nothing of the service is left, whatever ended it, with `SERVICE_RESULT`, `EXIT_CODE` and `EXIT_STATUS`",
        live: true,
        limit: "1024 words, 1d",
        example: 'after_stop = ["rm", "-f", "/run/api.lock"]',
      }),
      on_failure: keyOf(onFailure().optional(), {
        description: "Run, or another service started, when a run has failed, with `MONITOR_*` variables",
        live: true,
        limit: "1024 words, 1d",
        example: 'on_failure = { start = "alert" }',
      }),
    },
    { error: "a table" },
  );
}

function hook(): z.ZodType<ParsedHook, unknown> {
  const plain = command().transform((words): ParsedHook => ({ command: words, timeout: DEFAULT_TIMEOUT }));
  return z.union([plain, hookTable()], { error: WANT });
}

function hookTable(): z.ZodType<ParsedHook, unknown> {
  return z
    .strictObject({ command: command(), timeout: duration("1d", "1ms").default(DEFAULT_TIMEOUT) })
    .transform((hook): ParsedHook => hook);
}

/** Which of the two tables was meant is seen from its keys. */
function onFailure(): z.ZodType<ParsedHook | { readonly start: string }, unknown> {
  const plain = command().transform((words): ParsedHook => ({ command: words, timeout: DEFAULT_TIMEOUT }));
  const table = z
    .strictObject({
      command: command().optional(),
      timeout: duration("1d", "1ms").optional(),
      start: serviceName().optional(),
    })
    .transform(({ command: words, timeout, start }, context) => {
      if (start !== undefined && words === undefined && timeout === undefined) return { start };
      if (words !== undefined && start === undefined) return { command: words, timeout: timeout ?? DEFAULT_TIMEOUT };
      context.issues.push({ code: "custom", message: `either "command" or "start"`, input: words });
      return z.NEVER;
    });
  return z.union([plain, table], { error: `${WANT} or { start = "other" }` });
}
