import * as z from "zod";
import { inheritedKeys } from "./inherited-keys.ts";
import { builtLate, keyOf } from "./key-meta.ts";
import { serviceName } from "./link-schema.ts";
import { choice, fail, flag, path, signal, text } from "./schema-parts.ts";
import { MAX_SERVER, serverAddress } from "./server-address.ts";
import { sinkKeys, streamKeys } from "./sink-keys.ts";

/** More sinks than these for one service are refused. */
const MAX_SINKS = 16;

export const SINK_TYPES = ["file", "syslog", "remote", "service"] as const;
export const SINK_WANT = `"file", "syslog", "service:NAME" or the name of a table below [log.sinks]`;

/** [log]: where its output goes. What its keys say together is checked across keys. */
export const logSchema = z.strictObject(
  {
    to: keyOf(sinkNames().default(["file"]), {
      description:
        "Where its output goes: `file`, `syslog`, `service:NAME` (the standard input of that service, which is started before and stopped after), or the name of a sink below `[log.sinks]`; an empty list keeps only the last lines, in memory",
      live: true,
      limit: `${MAX_SINKS} sinks`,
      example: 'to = ["file", "syslog"]',
    }),
    ...directKeys(),
    ...streamKeys(),
    ...sinkKeys(),
    sinks: keyOf(builtLate(sinksSchema).default({}), {
      description: "Further sinks, by name",
      live: true,
      limit: `${MAX_SINKS} sinks`,
      example: 'sinks = { errors = { type = "file", file = "/var/log/api.err", priority = "err" } }',
    }),
    stderr: keyOf(builtLate(stderrOrJoined).optional(), {
      description:
        'What differs for what it writes to stderr; or `"stdout"`: both are one stream, in the order in which they are written, from the next start of the service on',
      live: true,
      limit: "1 table",
      example: 'stderr = "stdout"',
    }),
  },
  { error: "a table" },
);

/** What is said of files that the service writes itself. */
function directKeys() {
  return {
    direct: keyOf(flag().default(false), {
      description:
        "The service writes the file itself, as its stdout and stderr: nobody reads its lines, so there is no stamp, no filter and no other sink. A change of this or of the file restarts the service",
      live: true,
      limit: "2 choices",
      example: "direct = true",
    }),
    rotate_signal: keyOf(signal().optional(), {
      description:
        "With `direct`, the signal on which its main process opens the file anew; it is sent after the file was moved away, not before the service has been up for 5s",
      live: true,
      limit: "1 signal",
      initial: "the file is copied, and then emptied: what is written between the two is lost",
      example: 'rotate_signal = "SIGUSR1"',
    }),
  };
}

/** The keys of [log.sinks.NAME]. */
export function namedSinkKeys() {
  return {
    type: keyOf(choice(SINK_TYPES), {
      description: "What kind of sink it is",
      live: true,
      limit: `${SINK_TYPES.length} choices`,
      example: 'type = "file"',
    }),
    ...serverKeys(),
    service: keyOf(serviceName().optional(), {
      description: "For `service`: the one whose standard input it is",
      live: true,
      limit: "64 characters",
      example: 'service = "collector"',
    }),
    ...inheritedKeys(sinkKeys(), "what `[log]` says"),
  };
}

/** What is said of a syslog server. */
function serverKeys() {
  return {
    address: keyOf(serverAddress().optional(), {
      description:
        "For `remote`: a syslog server (RFC 5424) by `udp://` (port 514), `tcp://` (601, octet counting) or `tls://` (6514)",
      live: true,
      limit: `${MAX_SERVER} characters`,
      example: 'address = "tls://logs.example.com:6514"',
    }),
    ca: keyOf(path("the path of a file of certificates").optional(), {
      description: "For `tls://`: a file of certificates (PEM), one of which must have signed that of the server",
      live: true,
      limit: "4095 characters",
      initial: "those that the system trusts",
      example: 'ca = "/etc/ssl/logs-ca.pem"',
    }),
    server_name: keyOf(text("a host name", 253).optional(), {
      description: "For `tls://`: the name that the certificate must have",
      live: true,
      limit: "253 characters",
      initial: "the host of the address",
      example: 'server_name = "logs.example.com"',
    }),
    app_name: keyOf(text("a name", 48).optional(), {
      description: "For `remote`: the application that the messages are from",
      live: true,
      limit: "48 characters",
      initial: "the name of the service",
      example: 'app_name = "shop"',
    }),
  };
}

/** Which keys say something of which sinks; those that are not here, of all. */
export const KEYS_OF_TYPES: Readonly<Record<(typeof SINK_TYPES)[number], readonly string[]>> = {
  file: [
    "file",
    "format",
    "stamp",
    "max_size",
    "max_age",
    "keep",
    "keep_size",
    "keep_age",
    "compress",
    "buffer",
    "when_slow",
  ],
  syslog: ["facility"],
  remote: ["address", "ca", "server_name", "app_name", "facility", "buffer", "when_slow"],
  service: ["service", "format", "stamp", "buffer", "when_slow"],
};

/** [log.sinks], by name. */
export function sinksSchema() {
  const sink = z.strictObject(namedSinkKeys(), { error: `a table, like { type = "file", file = "/var/log/x.log" }` });
  return z
    .record(z.string().refine(isSinkName, { error: NAME }), sink, {
      error: `a table for each sink, like [log.sinks.errors]`,
    })
    .superRefine((sinks, context) => {
      if (Object.keys(sinks).length > MAX_SINKS) fail(context, sinks, `at most ${MAX_SINKS} sinks`);
    });
}

function stderrOrJoined() {
  const error = 'a table, or "stdout"';
  return z.union([z.literal("stdout", { error }), stderrSchema()], { error });
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

/** Names of sinks; whether there are such is checked across keys. */
export function sinkNames(): z.ZodType<string[], unknown> {
  return z
    .array(z.string({ error: SINK_WANT }), { error: `a list, like ["file", "syslog"]` })
    .max(MAX_SINKS, `at most ${MAX_SINKS}`);
}
