import * as z from "zod";
import { keyOf } from "./key-meta.ts";
import { parseListen } from "./network-address.ts";
import { choice, path, text } from "./schema-parts.ts";

/** Most names by which clients may call. */
const MAX_HOSTS = 32;

const ADDRESS = `an address, like "127.0.0.1:9180" or "[::1]:9180"`;
const ABSOLUTE = "an absolute path";

const absolute = (): z.ZodType<string, string> =>
  path(ABSOLUTE).refine((value) => value.startsWith("/"), { error: ABSOLUTE });

const address = text(ADDRESS, 255).transform((input, context) => {
  const parsed = parseListen(input, "stream");
  if (parsed.tag === "parsed" && parsed.listen.tag === "tcp" && !input.startsWith(":"))
    return { host: parsed.listen.host, port: parsed.listen.port };
  context.addIssue({ code: "custom", message: ADDRESS, input });
  return z.NEVER;
});

const host = z
  .string({ error: "a host name" })
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, { error: "a host name" });

/** [control.tcp]: what is reached from elsewhere, and only if this table is there. */
export const tcpSchema = z.strictObject(
  {
    listen: keyOf(address, {
      description: "Where to listen. Beyond loopback addresses only with a certificate",
      live: false,
      limit: "1 address",
      initial: "required",
      example: 'listen = "127.0.0.1:9180"',
    }),
    token_file: keyOf(absolute(), {
      description:
        "The file with the token that each client has to say (`Authorization: Bearer ...`), readable by its owner alone",
      live: false,
      limit: "32 to 1024 characters in it",
      initial: "required",
      example: 'token_file = "/etc/daemonsup/token"',
    }),
    access: keyOf(choice(["operate", "read"]).default("operate"), {
      description: "What clients may do: everything, or only look",
      live: false,
      limit: "2 choices",
      example: 'access = "read"',
    }),
    certificate: keyOf(absolute().nullable().default(null), {
      description: "The certificate in PEM, with those that it is signed by; with `key`",
      live: false,
      limit: "1 MiB",
      initial: "no TLS",
      example: 'certificate = "/etc/daemonsup/cert.pem"',
    }),
    key: keyOf(absolute().nullable().default(null), {
      description: "Its private key in PEM, readable by its owner alone",
      live: false,
      limit: "1 MiB",
      initial: "no TLS",
      example: 'key = "/etc/daemonsup/key.pem"',
    }),
    hosts: keyOf(
      z
        .array(host, { error: "a list of host names" })
        .max(MAX_HOSTS, { error: `at most ${MAX_HOSTS} names` })
        .default([]),
      {
        description: "Names by which clients call it; by an address and as localhost they always may",
        live: false,
        limit: `${MAX_HOSTS} names`,
        example: 'hosts = ["box.example.org"]',
      },
    ),
  },
  { error: "a table" },
);
