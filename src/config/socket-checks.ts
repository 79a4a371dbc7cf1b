import { isTable, type Table } from "./document.ts";
import type { Fault } from "./fault.ts";

/** Keys of [sockets.NAME] that say something of sockets of one kind only. */
const ONLY = {
  mode: { kind: "a Unix socket", fits: isPath },
  owner: { kind: "a Unix socket", fits: isPath },
  group: { kind: "a Unix socket", fits: isPath },
  reuse_port: { kind: "an address with a port", fits: (socket: Table): boolean => !isPath(socket) },
  backlog: { kind: "a stream socket", fits: (socket: Table): boolean => socket["type"] !== "datagram" },
} as const;

/** Keys of a socket that nobody would heed. */
export function socketFaultsOf({ sockets }: Table): Fault[] {
  if (!isTable(sockets)) return [];
  return Object.entries(sockets).flatMap(([name, socket]) => {
    if (!isTable(socket) || typeof socket["listen"] !== "string") return [];
    return Object.entries(ONLY).flatMap(([key, { kind, fits }]): Fault[] => {
      if (socket[key] === undefined || fits(socket)) return [];
      return [{ path: ["sockets", name, key], at: "key", reason: `only ${kind} has one`, suggestion: "take it out" }];
    });
  });
}

function isPath({ listen }: Table): boolean {
  return typeof listen === "string" && listen.includes("/");
}
