import type { ListenAddress } from "./life-policies.ts";

/** The address of a Unix socket. */
export type UnixAddress = Extract<ListenAddress, { readonly path: string }>;

export function isUnixAddress(listen: ListenAddress): listen is UnixAddress {
  return listen.tag === "unix" || listen.tag === "unix-datagram";
}

/** The address in words for a person: "0.0.0.0:80", "[::1]:80", "/run/web.sock". */
export function addressTextOf(listen: ListenAddress): string {
  if (isUnixAddress(listen)) return listen.path;
  return listen.host.includes(":") ? `[${listen.host}]:${listen.port}` : `${listen.host}:${listen.port}`;
}

/** The same for the same socket, and for no other. */
export function addressKeyOf(listen: ListenAddress): string {
  return `${listen.tag} ${addressTextOf(listen)}`;
}
