import * as z from "zod";
import { keyOf } from "./key-meta.ts";
import { LISTEN_WANT, parseListen } from "./network-address.ts";
import { account, choice, fail, flag, octal, text, wholeNumber } from "./schema-parts.ts";
import { wanted } from "./want.ts";

/** More sockets than these for one service are refused. */
const MAX_SOCKETS = 64;
/** Longest address or path, in characters; that of a Unix socket is measured once it is absolute. */
const MAX_LISTEN = 255;
const MAX_BACKLOG = 65_535;
/** As much as the kernel usually grants (net.core.somaxconn). */
const DEFAULT_BACKLOG = 4096;

/** The keys of [sockets.NAME]. */
export function socketKeys() {
  return {
    listen: keyOf(text(LISTEN_WANT, MAX_LISTEN), {
      description:
        "The address: IPv4, IPv6 in brackets, `:PORT` for every IPv4 address, or the path of a Unix socket; one address each",
      live: false,
      limit: `${MAX_LISTEN} characters, 107 for a path`,
      example: 'listen = "0.0.0.0:80"',
    }),
    type: keyOf(choice(["stream", "datagram"]).default("stream"), {
      description: "TCP or UDP; for a path, a stream or datagram socket",
      live: false,
      limit: "2 choices",
      example: 'type = "datagram"',
    }),
    backlog: keyOf(wholeNumber(1, MAX_BACKLOG).default(DEFAULT_BACKLOG), {
      description: "Connections that wait to be accepted; the kernel may cut it (net.core.somaxconn)",
      live: false,
      limit: String(MAX_BACKLOG),
      example: "backlog = 128",
    }),
    reuse_port: keyOf(flag().default(false), {
      description: "Several sockets may share the address, and the kernel deals out the connections (SO_REUSEPORT)",
      live: false,
      limit: "2 choices",
      example: "reuse_port = true",
    }),
    mode: keyOf(octal(0o777, "0666").default(0o666), {
      description: "Who may connect to a Unix socket",
      live: false,
      limit: "777",
      example: 'mode = "0660"',
    }),
    owner: keyOf(account("user").optional(), {
      description: "Owner of a Unix socket",
      live: false,
      limit: "255 characters",
      initial: "the supervisor's user",
      example: 'owner = "www-data"',
    }),
    group: keyOf(account("group").optional(), {
      description: "Group of a Unix socket",
      live: false,
      limit: "255 characters",
      initial: "the supervisor's group",
      example: 'group = "www-data"',
    }),
    on_demand: keyOf(flag().default(false), {
      description: "The service is started at the first connection or datagram",
      live: false,
      limit: "2 choices",
      example: "on_demand = true",
    }),
  };
}

/** [sockets.NAME], by name. */
export function socketsSchema() {
  const socket = z.strictObject(socketKeys(), { error: `a table, like { listen = "127.0.0.1:8080" }` });
  const parsed = socket.transform(({ listen: written, ...rest }, context) => {
    const listen = parseListen(written, rest.type);
    if (listen.tag === "parsed") return { ...rest, listen: listen.listen };
    context.issues.push({
      code: "custom",
      message: wanted(listen.want, listen.suggestion),
      input: written,
      path: ["listen"],
    });
    return z.NEVER;
  });
  return z
    .record(z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, { error: NAME }), parsed, {
      error: `a table for each socket, like [sockets.http]`,
    })
    .superRefine((sockets, context) => {
      if (Object.keys(sockets).length > MAX_SOCKETS) fail(context, sockets, `at most ${MAX_SOCKETS} sockets`);
    });
}

const NAME = `a name of at most 64 letters, digits, ".", "_" and "-"`;
