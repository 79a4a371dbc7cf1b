import * as z from "zod";
import { millis } from "../core/units.ts";
import { command } from "./command-schema.ts";
import { keyOf } from "./key-meta.ts";
import { choice, duration, exits, signal, wholeNumber } from "./schema-parts.ts";

const limitSchema = z.strictObject(
  {
    count: keyOf(wholeNumber(1, 10_000), {
      description: "Automatic restarts allowed within the time",
      live: true,
      limit: "10000",
      example: "count = 10",
    }),
    within: keyOf(duration("7d"), {
      description: "The time in which they are counted",
      live: true,
      limit: "7d",
      example: 'within = "60s"',
    }),
  },
  { error: `a table, like { count = 10, within = "60s" }` },
);

/** [restart]: what follows when the main process has ended. Defaults that depend on other keys are applied later. */
export const restartSchema = z.strictObject(
  {
    policy: keyOf(choice(["always", "on-failure", "on-abnormal", "never"]).optional(), {
      description: "After which exits it is started again",
      live: true,
      limit: "4 choices",
      initial: '`"always"`; `"never"` for a oneshot or a critical service',
      example: 'policy = "on-failure"',
    }),
    delay: keyOf(duration("1d").default(millis(100)), {
      description: "Wait before a restart; doubles with each failure in a row",
      live: true,
      limit: "1d",
      example: 'delay = "1s"',
    }),
    max_delay: keyOf(duration("7d").optional(), {
      description: "The longest wait before a restart",
      live: true,
      limit: "7d",
      initial: '`"30s"`, or `delay` if that is longer',
      example: 'max_delay = "5m"',
    }),
    reset_after: keyOf(duration("7d").default(millis(10_000)), {
      description: "A run this long ends the row of failures",
      live: true,
      limit: "7d",
      example: 'reset_after = "1m"',
    }),
    limit: keyOf(limitSchema.optional(), {
      description: "Gives up after so many automatic restarts in a time; without it, never",
      live: true,
      limit: "1 table",
    }),
    success: keyOf(exits().optional(), {
      description: "Exits that count as success",
      live: true,
      limit: "every code and signal",
      initial: '`[0, "SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"]`; `[0]` for a oneshot',
      example: 'success = [0, 3, "SIGTERM"]',
    }),
    prevent: keyOf(exits().default([]), {
      description: "Exits after which it is never started again",
      live: true,
      limit: "every code and signal",
      example: "prevent = [78]",
    }),
  },
  { error: "a table" },
);

/** [stop]: how it is ended. */
export const stopSchema = z.strictObject(
  {
    signal: keyOf(signal().default("SIGTERM"), {
      description: "Sent to end it, followed by SIGCONT",
      live: true,
      limit: "1 signal",
      example: 'signal = "SIGQUIT"',
    }),
    command: keyOf(command().optional(), {
      description: "Run instead of the signal",
      live: true,
      limit: "1024 words",
      initial: "the signal is sent",
      example: 'command = ["/usr/local/bin/api", "--stop"]',
      shared: false,
    }),
    timeout: keyOf(duration("1d").default(millis(10_000)), {
      description: "After this SIGKILL goes to all that is left",
      live: true,
      limit: "1d",
      example: 'timeout = "30s"',
    }),
    scope: keyOf(choice(["group", "mixed", "main"]).default("group"), {
      description:
        "Who gets the signal: all that belongs to it, the main process and then all, or the main process alone",
      live: true,
      limit: "3 choices",
      example: 'scope = "mixed"',
    }),
  },
  { error: "a table" },
);

/** [reload]: what a reload of the supervisor, or of this service, does to it. */
export const reloadSchema = z.strictObject(
  {
    action: keyOf(choice(["signal", "command", "restart", "none"]).default("signal"), {
      description: "How it is told to read its configuration again",
      live: true,
      limit: "4 choices",
      example: 'action = "restart"',
    }),
    signal: keyOf(signal().optional(), {
      description: "Sent to the main process; one that is written is sent even if it is not caught",
      live: true,
      limit: "1 signal",
      initial: '`"SIGHUP"`, only to a process that catches it',
      example: 'signal = "SIGUSR2"',
    }),
    command: keyOf(command().optional(), {
      description: 'Run with action = "command"',
      live: true,
      limit: "1024 words",
      initial: "none",
      example: 'command = ["/usr/sbin/nginx", "-s", "reload"]',
      shared: false,
    }),
  },
  { error: "a table" },
);
