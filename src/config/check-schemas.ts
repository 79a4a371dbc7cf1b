import * as z from "zod";
import { millis } from "../core/units.ts";
import { command } from "./command-schema.ts";
import { keyOf, type KeyMeta } from "./key-meta.ts";
import { httpWantOf, parseHostPort } from "./network-address.ts";
import { MAX_PATTERN, pattern } from "./pattern.ts";
import { choice, duration, fail, flag, text, wholeNumber } from "./schema-parts.ts";
import { wanted } from "./want.ts";

/** What a start has if [ready] does not say it. */
export const READY_DEFAULTS = { timeout: millis(60_000), interval: millis(200) } as const;

/** Longest address of a check, in characters. */
const MAX_URL = 2048;
/** The last descriptor below the usual soft limit. */
const MAX_FD = 1023;

/** [ready]: when it counts as up. That there is just one method is checked across keys. */
export function readySchema(): z.ZodObject<ReturnType<typeof readyKeys>, z.core.$strict> {
  return z.strictObject(readyKeys(), { error: "a table" });
}

/** [health]: whether it still does its work, asked again and again while it is up. */
export function healthSchema(): z.ZodObject<ReturnType<typeof healthKeys>, z.core.$strict> {
  return z.strictObject(healthKeys(), { error: "a table" });
}

/** [watchdog]: it has to say again and again that it is well. */
export function watchdogSchema(): z.ZodObject<ReturnType<typeof watchdogKeys>, z.core.$strict> {
  return z.strictObject(watchdogKeys(), { error: `a table, like { timeout = "30s" }` });
}

type Facts = Omit<KeyMeta, "live">;

function readyKeys() {
  const key = <Schema extends z.ZodType>(schema: Schema, facts: Facts): Schema =>
    keyOf(schema, { ...facts, live: false });
  return {
    notify: key(flag().optional(), {
      description: "It says `READY=1` over `NOTIFY_SOCKET`, as for systemd",
      limit: "2 choices",
      example: "notify = true",
    }),
    fd: key(wholeNumber(3, MAX_FD).optional(), {
      description: "It writes a newline to this descriptor, as for s6",
      limit: String(MAX_FD),
      example: "fd = 3",
    }),
    ...checkKeys(key),
    log: key(pattern().optional(), {
      description: "A line of its output matches this regular expression",
      limit: `${MAX_PATTERN} characters`,
      example: 'log = "listening on port [0-9]+"',
    }),
    timeout: key(duration("7d", "1ms").default(READY_DEFAULTS.timeout), {
      description: "After this the start has failed",
      limit: "7d",
      example: 'timeout = "2m"',
    }),
    interval: key(duration("1h", "1ms").default(READY_DEFAULTS.interval), {
      description: "Between two attempts of tcp, http or command",
      limit: "1h",
      example: 'interval = "1s"',
    }),
  };
}

function healthKeys() {
  const key = <Schema extends z.ZodType>(schema: Schema, facts: Facts): Schema =>
    keyOf(schema, { ...facts, live: true });
  return {
    ...checkKeys(key),
    interval: key(duration("1d", "10ms").default(millis(10_000)), {
      description: "From the end of one check to the beginning of the next",
      limit: "1d",
      example: 'interval = "30s"',
    }),
    timeout: key(duration("1h", "1ms").default(millis(1000)), {
      description: "After this a check has failed and is ended with all its children",
      limit: "1h",
      example: 'timeout = "5s"',
    }),
    failures: key(wholeNumber(1, 1000).default(3), {
      description: "Failed checks in a row before anything is done",
      limit: "1000",
      example: "failures = 5",
    }),
    successes: key(wholeNumber(1, 1000).default(1), {
      description: "Good checks in a row after which it is healthy again",
      limit: "1000",
      example: "successes = 2",
    }),
    start_period: key(duration("1d").default(millis(0)), {
      description: "For so long after it came up, or until the first good check, failed ones do not count",
      limit: "1d",
      example: 'start_period = "30s"',
    }),
    action: key(choice(["restart", "stop", "report"]).default("restart"), {
      description: "What is done with an unhealthy service; `report` only shows it",
      limit: "3 choices",
      example: 'action = "report"',
    }),
  };
}

function watchdogKeys() {
  return {
    timeout: keyOf(duration("1d", "100ms"), {
      description: "The longest time between two `WATCHDOG=1`; after it SIGABRT, then SIGKILL",
      live: true,
      limit: "1d",
      example: 'timeout = "30s"',
    }),
  };
}

function checkKeys(key: <Schema extends z.ZodType>(schema: Schema, facts: Facts) => Schema) {
  return {
    tcp: key(hostPort().optional(), {
      description: "It accepts a connection here",
      limit: "253 characters and a port",
      example: 'tcp = "127.0.0.1:5432"',
    }),
    http: key(url().optional(), {
      description: "It answers here with a status from 200 to 399; http only",
      limit: `${MAX_URL} characters`,
      example: 'http = "http://127.0.0.1:8080/healthz"',
    }),
    command: key(command().optional(), {
      description: "This exits 0, run in the surroundings of the service",
      limit: "1024 words",
      example: 'command = ["pg_isready", "-q"]',
    }),
  };
}

function hostPort(): z.ZodType<{ readonly host: string; readonly port: number }, string> {
  return text(`a host and a port, like "127.0.0.1:8080"`, MAX_URL).transform((input, context) => {
    const parsed = parseHostPort(input);
    if (parsed.tag === "rejected") return fail(context, input, wanted(parsed.want, parsed.suggestion));
    return { host: parsed.host, port: parsed.port };
  });
}

function url(): z.ZodType<string, string> {
  return text(`an address, like "http://127.0.0.1:8080/health"`, MAX_URL).transform((input, context) => {
    const wrong = httpWantOf(input);
    return wrong === null ? input : fail(context, input, wanted(wrong.want, wrong.suggestion));
  });
}
