import * as z from "zod";
import { inheritedKeys } from "./inherited-keys.ts";
import { builtLate, keyOf } from "./key-meta.ts";
import { choice, fail } from "./schema-parts.ts";
import { sinkKeys, streamKeys } from "./sink-keys.ts";

/** More sinks than these for one service are refused. */
const MAX_SINKS = 16;

export const SINK_TYPES = ["file", "syslog"] as const;
export const SINK_WANT = `"file", "syslog" or the name of a table below [log.sinks]`;

/** [log]: where its output goes. What its keys say together is checked across keys. */
export const logSchema = z.strictObject(
  {
    to: keyOf(sinkNames().default(["file"]), {
      description:
        "Where its output goes: `file`, `syslog`, or the name of a sink below `[log.sinks]`; an empty list keeps only the last lines, in memory",
      live: true,
      limit: `${MAX_SINKS} sinks`,
      example: 'to = ["file", "syslog"]',
    }),
    ...streamKeys(),
    ...sinkKeys(),
    sinks: keyOf(builtLate(sinksSchema).default({}), {
      description: "Further sinks, by name",
      live: true,
      limit: `${MAX_SINKS} sinks`,
      example: 'sinks = { errors = { type = "file", file = "/var/log/api.err", priority = "err" } }',
    }),
    stderr: keyOf(builtLate(stderrSchema).optional(), {
      description: "What differs for what it writes to stderr",
      live: true,
      limit: "1 table",
    }),
  },
  { error: "a table" },
);

/** The keys of [log.sinks.NAME]. */
export function namedSinkKeys() {
  return {
    type: keyOf(choice(SINK_TYPES), {
      description: "What kind of sink it is",
      live: true,
      limit: `${SINK_TYPES.length} choices`,
      example: 'type = "file"',
    }),
    ...inheritedKeys(sinkKeys(), "what `[log]` says"),
  };
}

/** Which keys say something of which sinks; those that are not here, of all. */
export const KEYS_OF_TYPES: Readonly<Record<(typeof SINK_TYPES)[number], readonly string[]>> = {
  file: ["file", "format", "stamp", "max_size", "max_age", "keep", "keep_size", "keep_age", "compress"],
  syslog: ["facility"],
};

function sinksSchema() {
  const sink = z.strictObject(namedSinkKeys(), { error: `a table, like { type = "file", file = "/var/log/x.log" }` });
  return z
    .record(z.string().refine(isSinkName, { error: NAME }), sink, {
      error: `a table for each sink, like [log.sinks.errors]`,
    })
    .superRefine((sinks, context) => {
      if (Object.keys(sinks).length > MAX_SINKS) fail(context, sinks, `at most ${MAX_SINKS} sinks`);
    });
}

function stderrSchema() {
  return z.strictObject(
    {
      to: keyOf(sinkNames().optional(), {
        description: "Where it goes",
        live: true,
        limit: `${MAX_SINKS} sinks`,
        initial: "what `[log]` says",
        example: 'to = ["file", "syslog"]',
      }),
      ...inheritedKeys({ ...streamKeys(), ...sinkKeys() }, "what `[log]` says"),
    },
    { error: "a table" },
  );
}

const NAME = `a name of at most 64 letters, digits, "_" and "-", other than "file" and "syslog"`;

function isSinkName(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(name) && name !== "file" && name !== "syslog";
}

function sinkNames(): z.ZodType<string[], unknown> {
  return z
    .array(z.string({ error: SINK_WANT }), { error: `a list, like ["file", "syslog"]` })
    .max(MAX_SINKS, `at most ${MAX_SINKS}`);
}
