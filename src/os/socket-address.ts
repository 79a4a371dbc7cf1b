import { dlopen, ptr } from "bun:ffi";
import type { ListenAddress } from "../core/life-policies.ts";
import { isUnixAddress } from "../core/listen-address.ts";

const libc = dlopen("libc.so.6", {
  // int inet_pton(int af, const char *src, void *dst);
  inet_pton: { args: ["i32", "cstring", "ptr"], returns: "i32" },
  // unsigned int if_nametoindex(const char *ifname);
  if_nametoindex: { args: ["cstring"], returns: "u32" },
} as const);

const AF_UNIX = 1;
const AF_INET = 2;
export const AF_INET6 = 10;

/** sizeof(sun_path) less the NUL at its end, unix(7). */
const PATH_LIMIT = 107;

export interface SocketAddress {
  /** AF_UNIX, AF_INET or AF_INET6. */
  readonly family: number;
  /** A struct sockaddr of that family. */
  readonly bytes: Uint8Array;
}

/** The address as bind(2) and connect(2) take it; a string says what is wrong with it. */
export function encodeSocketAddress(listen: ListenAddress): SocketAddress | string {
  if (isUnixAddress(listen)) return encodePath(listen.path);
  return listen.host.includes(":") ? encodeIpv6(listen.host, listen.port) : encodeIpv4(listen.host, listen.port);
}

/** struct sockaddr_un: the family, then the path and a NUL. */
function encodePath(path: string): SocketAddress | string {
  const text = new TextEncoder().encode(`${path}\0`);
  if (text.length - 1 > PATH_LIMIT) return `the path has ${text.length - 1} bytes, want at most ${PATH_LIMIT}`;
  if (text.indexOf(0) < text.length - 1) return "the path holds a NUL";
  const bytes = new Uint8Array(2 + text.length);
  bytes.set(text, 2);
  return { family: AF_UNIX, bytes: withFamily(bytes, AF_UNIX) };
}

/** struct sockaddr_in: family, port, address, padding up to 16 bytes. */
function encodeIpv4(host: string, port: number): SocketAddress | string {
  const bytes = new Uint8Array(16);
  if (!writeHost(AF_INET, host, bytes.subarray(4, 8))) return `got "${host}", want an IPv4 or IPv6 address`;
  new DataView(bytes.buffer).setUint16(2, port);
  return { family: AF_INET, bytes: withFamily(bytes, AF_INET) };
}

/** struct sockaddr_in6: family, port, flow, address, scope. The scope stands behind a "%": a name or number of an interface. */
function encodeIpv6(host: string, port: number): SocketAddress | string {
  const [address = "", scope = null] = host.split("%", 2);
  const bytes = new Uint8Array(28);
  if (!writeHost(AF_INET6, address, bytes.subarray(8, 24))) return `got "${host}", want an IPv4 or IPv6 address`;
  const index = scope === null ? 0 : indexOf(scope);
  if (index === null) return `there is no network interface "${scope}"`;
  const view = new DataView(bytes.buffer);
  view.setUint16(2, port);
  new Uint32Array(bytes.buffer)[6] = index;
  return { family: AF_INET6, bytes: withFamily(bytes, AF_INET6) };
}

function writeHost(family: number, host: string, into: Uint8Array): boolean {
  return libc.symbols.inet_pton(family, host, ptr(into)) === 1;
}

function indexOf(scope: string): number | null {
  if (/^\d{1,9}$/.test(scope)) return Number(scope);
  const index = libc.symbols.if_nametoindex(scope);
  return index === 0 ? null : index;
}

/** The family stands in front of every address, in the byte order of the machine. */
function withFamily(bytes: Uint8Array, family: number): Uint8Array {
  new Uint16Array(bytes.buffer, 0, 1)[0] = family;
  return bytes;
}
