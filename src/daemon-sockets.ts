/* Fits the sockets of the kernel to the port of the supervisor. Part of the composition root. */
import type { Definition } from "./core/definition.ts";
import type { SocketPolicy } from "./core/life-policies.ts";
import { addressKeyOf } from "./core/listen-address.ts";
import {
  type ListenRequest,
  type ListeningSocket,
  adjustListeningSocket,
  closeListeningSocket,
  makeBlocking,
  openListeningSocket,
} from "./os/listening-socket.ts";
import { findGroup, findUser } from "./os/user-database.ts";
import type { PassedSocket, SocketPort } from "./supervisor/held-sockets.ts";

type Opened = ReturnType<SocketPort["open"]>;

/**
 * Opens what these definitions ask for, as the user who this process is now; whoever asks for one of them later is given
 * it. What is asked for later and was not opened now is opened as the user of that moment.
 */
export function makeSocketPort(definitions: readonly Definition[]): SocketPort {
  const early = new Map<string, Opened>();
  for (const policy of definitions.flatMap(({ sockets }) => sockets)) {
    const key = addressKeyOf(policy.listen);
    // Of several that share a port, the first is held for whoever asks first.
    const opened = early.has(key) ? null : open(policy);
    if (opened?.tag === "opened") early.set(key, opened);
  }
  return {
    open(policy) {
      const key = addressKeyOf(policy.listen);
      const opened = early.get(key);
      early.delete(key);
      return opened ?? open(policy);
    },
  };
}

function open(policy: SocketPolicy): Opened {
  const request = requestOf(policy);
  if (typeof request === "string") return { tag: "failed", message: request };
  const opened = openListeningSocket(request);
  return opened.tag === "failed" ? opened : { tag: "opened", socket: passedSocketOf(opened.socket) };
}

function passedSocketOf(socket: ListeningSocket): PassedSocket {
  return {
    fd: socket.fd,
    adjust(policy) {
      const request = requestOf(policy);
      return typeof request === "string" ? request : adjustListeningSocket(socket, request);
    },
    refresh: () => makeBlocking(socket),
    close: () => closeListeningSocket(socket),
  };
}

/** A message if there is no such user or group. */
function requestOf({ name, listen, backlog, reusePort, mode, owner, group }: SocketPolicy): ListenRequest | string {
  const user = owner === null ? null : findUser(owner);
  if (owner !== null && user === null) return `cannot open socket "${name}": there is no user "${owner}"`;
  const gid = group === null ? null : findGroup(group);
  if (group !== null && gid === null) return `cannot open socket "${name}": there is no group "${group}"`;
  return { listen, backlog, reusePort, mode, uid: user?.uid ?? null, gid };
}
