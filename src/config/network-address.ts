import type { ListenAddress } from "../core/life-policies.ts";

/** A host and a port, or what is wanted instead, with a suggestion. */
export type HostPortParsed =
  | { readonly tag: "parsed"; readonly host: string; readonly port: number }
  | { readonly tag: "rejected"; readonly want: string; readonly suggestion: string | null };

export type ListenParsed =
  | { readonly tag: "parsed"; readonly listen: ListenAddress }
  | { readonly tag: "rejected"; readonly want: string; readonly suggestion: string | null };

/** Longest host name (RFC 1035). */
const MAX_HOST = 253;
/** Longest path of a Unix socket, in bytes (sun_path less its NUL). */
export const MAX_SOCKET_PATH = 107;

/** What a socket can listen on, for messages. */
export const LISTEN_WANT = `an address, like "127.0.0.1:8080", "[::1]:8080", ":8080" or "/run/x.sock"`;
const CHECK = `a host and a port, like "127.0.0.1:8080"`;

/** Where a check connects to: "127.0.0.1:8080", "[::1]:8080", "localhost:8080". */
export function parseHostPort(text: string): HostPortParsed {
  const { host, port } = splitHostPort(text);
  const suggestion = port !== null && host === "" ? `did you mean "127.0.0.1:${port}"?` : null;
  if (host === null || port === null || !isHost(host)) return { tag: "rejected", want: CHECK, suggestion };
  return { tag: "parsed", host, port };
}

/**
 * What a socket is bound to. Anything with a slash is the path of a Unix socket, which may still be relative; ":80" is port
 * 80 of every IPv4 address, "[::]:80" that of every IPv6 address.
 */
export function parseListen(text: string, type: "stream" | "datagram"): ListenParsed {
  const isStream = type === "stream";
  if (text.startsWith("@"))
    return rejected(`the path of a socket, as anybody may connect to an abstract one`, suggestPath(text));
  if (text.includes("/")) return { tag: "parsed", listen: { tag: isStream ? "unix" : "unix-datagram", path: text } };
  const { host, port } = splitHostPort(text);
  if (host === null || port === null) return rejected(LISTEN_WANT, suggestListen(text));
  const address = host === "" ? "0.0.0.0" : host === "*" ? null : host;
  if (address === null || addresses().isIP(address) === 0) return rejected(LISTEN_WANT, suggestListen(text));
  return { tag: "parsed", listen: { tag: isStream ? "tcp" : "udp", host: address, port } };
}

/** Why this is no address that a check can ask, as what is wanted instead; null if it is one. */
export function httpWantOf(text: string): { readonly want: string; readonly suggestion: string | null } | null {
  const want = `an address, like "http://127.0.0.1:8080/health"`;
  if (/^https:/i.test(text)) return { want: `${want}, as no certificates are checked here`, suggestion: null };
  if (!text.startsWith("http://")) return { want, suggestion: suggestHttp(text) };
  const url = URL.parse(text);
  if (url === null || url.hostname === "") return { want, suggestion: null };
  if (url.username !== "" || url.password !== "")
    return { want: `${want}, without a user or a password`, suggestion: null };
  return null;
}

function rejected(want: string, suggestion: string | null): ListenParsed {
  return { tag: "rejected", want, suggestion };
}

/** null: not there, or not what it should be. The host loses its brackets; it may be empty. */
function splitHostPort(text: string): { readonly host: string | null; readonly port: number | null } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text) ?? [];
  const port = digits === undefined ? 0 : Number(digits);
  const host = bracketed === undefined ? (plain ?? null) : addresses().isIPv6(bracketed) ? bracketed : null;
  return { host, port: port >= 1 && port <= 65_535 ? port : null };
}

function isHost(host: string): boolean {
  if (addresses().isIP(host) !== 0) return true;
  // What looks like an IPv4 address but is none is no name either.
  if (/^[0-9.]+$/.test(host)) return false;
  return host.length <= MAX_HOST && /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(host);
}

function suggestListen(text: string): string | null {
  if (/^[0-9]{1,5}$/.test(text)) return `did you mean ":${text}"?`;
  const { host, port } = splitHostPort(text);
  if (port === null) return null;
  if (host === "*") return `did you mean ":${port}"?`;
  return host === "localhost" ? `did you mean "127.0.0.1:${port}"?` : null;
}

function suggestPath(text: string): string | null {
  return /^@[A-Za-z0-9._-]+$/.test(text) ? `did you mean "/run/${text.slice(1)}.sock"?` : null;
}

function suggestHttp(text: string): string | null {
  return splitHostPort(text).port === null && !/^[a-z0-9.]+:[0-9]+\//i.test(text)
    ? null
    : `did you mean "http://${text}"?`;
}

// Loaded here and not at the top: most definitions name no address, and it brings all of networking with it.
function addresses(): typeof import("node:net") {
  return require("node:net") as typeof import("node:net");
}
