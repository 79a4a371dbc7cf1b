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
    }),
    within: keyOf(duration("7d"), { description: "The time in which they are counted", live: true, limit: "7d" }),
  },
  { error: `a table, like { count = 10, within = "60s" }` },
);

/** [restart]: what follows when the main process has ended. Defaults that depend on other keys are applied later. */
export const restartSchema = z.strictObject(
  {
    policy: keyOf(choice(["always", "on-failure", "on-abnormal", "never"]).optional(), {
      description:
        "After which exits it is started again; always by default, never for a oneshot or a critical service",
      live: true,
      limit: "4 choices",
    }),
    delay: keyOf(duration("1d").default(millis(100)), {
      description: "Wait before a restart; doubles with each failure in a row",
      live: true,
      limit: "1d",
    }),
    max_delay: keyOf(duration("7d").optional(), {
      description: "The longest wait before a restart; 30s by default, or delay if that is longer",
      live: true,
      limit: "7d",
    }),
    reset_after: keyOf(duration("7d").default(millis(10_000)), {
      description: "A run this long ends the row of failures",
      live: true,
      limit: "7d",
    }),
    limit: keyOf(limitSchema.optional(), {
      description: "Gives up after so many automatic restarts in a time; without it, never",
      live: true,
      limit: "1 table",
    }),
    success: keyOf(exits().optional(), {
      description: "Exits that count as success; 0, HUP, INT, TERM and PIPE by default, for a oneshot only 0",
      live: true,
      limit: "every code and signal",
    }),
    prevent: keyOf(exits().default([]), {
      description: "Exits after which it is never started again",
      live: true,
      limit: "every code and signal",
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
    }),
    command: keyOf(command().optional(), {
      description: "Run instead of the signal",
      live: true,
      limit: "1024 words",
      shared: false,
    }),
    timeout: keyOf(duration("1d").default(millis(10_000)), {
      description: "After this SIGKILL goes to all that is left",
      live: true,
      limit: "1d",
    }),
    scope: keyOf(choice(["group", "mixed", "main"]).default("group"), {
      description:
        "Who gets the signal: all that belongs to it, the main process and then all, or the main process alone",
      live: true,
      limit: "3 choices",
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
    }),
    signal: keyOf(signal().optional(), {
      description: "Sent to the main process; SIGHUP by default, and then only if it is caught",
      live: true,
      limit: "1 signal",
    }),
    command: keyOf(command().optional(), {
      description: 'Run with action = "command"',
      live: true,
      limit: "1024 words",
      shared: false,
    }),
  },
  { error: "a table" },
);
