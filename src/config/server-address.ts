import type * as z from "zod";
import type { LogServer } from "../core/log-policy.ts";
import { parseHostPort } from "./network-address.ts";
import { fail, text } from "./schema-parts.ts";
import { suggestNearest, wanted } from "./want.ts";

/** The ports that the standards give: RFC 5426, RFC 6587 and RFC 5425. */
const PORTS = { udp: 514, tcp: 601, tls: 6514 } as const satisfies Record<LogServer["protocol"], number>;
const PROTOCOLS = Object.keys(PORTS) as LogServer["protocol"][];
/** A scheme, a host name and a port. */
export const MAX_SERVER = 270;
const WANT = `a server, like "udp://logs.example.com", "tcp://10.0.0.1:601" or "tls://logs.example.com:6514"`;

export type ServerAddress = Pick<LogServer, "protocol" | "host" | "port">;

/** A syslog server; without a port, that of the protocol. */
export function serverAddress(): z.ZodType<ServerAddress, string> {
  return text(WANT, MAX_SERVER).transform((input, context) => {
    const [, scheme = "", rest = ""] = /^([a-z0-9+]*):\/\/(.*)$/i.exec(input) ?? [];
    const protocol = PROTOCOLS.find((each) => each === scheme);
    if (protocol === undefined) return fail(context, input, wanted(WANT, suggestScheme(input, scheme)));
    const parsed = parseHostPort(/:[0-9]+$/.test(rest) && !rest.endsWith("]") ? rest : `${rest}:${PORTS[protocol]}`);
    if (parsed.tag === "rejected") return fail(context, input, WANT);
    return { protocol, host: parsed.host, port: parsed.port };
  });
}

function suggestScheme(input: string, scheme: string): string | null {
  if (scheme === "" && parseHostPort(input).tag === "parsed") return `did you mean "tcp://${input}"?`;
  return suggestNearest(scheme, PROTOCOLS);
}
