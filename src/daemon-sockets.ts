/* Fits the sockets of the kernel to the port of the supervisor. Part of the composition root. */
import type { Definition } from "./core/definition.ts";
import type { EstatePort } from "./core/estate.ts";
import type { SocketPolicy } from "./core/life-policies.ts";
import { addressKeyOf, addressTextOf, isUnixAddress } from "./core/listen-address.ts";
import {
  type ListenRequest,
  type ListeningSocket,
  adjustListeningSocket,
  closeListeningSocket,
  makeBlocking,
  openListeningSocket,
} from "./os/listening-socket.ts";
import { fetchListeningSocket, isBoundPath } from "./os/fetch-socket.ts";
import { findGroup, findUser } from "./os/user-database.ts";
import type { PassedSocket, SocketPort } from "./supervisor/held-sockets.ts";

type Opened =
  { readonly tag: "opened"; readonly socket: ListeningSocket } | { readonly tag: "failed"; readonly message: string };

/** Of a socket in the estate: "socket SERVICE DEVICE INODE ADDRESS", zeros where it has no file. */
const HELD = "socket";

/** Services that have outlived the supervisor and its guardian: only they have their sockets then. */
interface Survivors {
  /** The main process of the service when this supervisor began; null: it had none. */
  mainOf(service: string): number | null;
  /** A socket was fetched back out of it. */
  fetched(service: string, message: string): void;
}

const NO_SURVIVORS: Survivors = { mainOf: () => null, fetched() {} };

/** What a predecessor has left. */
interface Left {
  readonly heldAs: string;
  readonly socket: ListeningSocket;
}

/**
 * Opens what these definitions ask for, as the user who this process is now, but for what a predecessor has left; whoever asks
 * for one of them later is given it. What is asked for later and was not opened now is opened as the user of that moment.
 */
export function makeSocketPort(
  definitions: readonly Definition[],
  estate: EstatePort,
  survivors: Survivors = NO_SURVIVORS,
): SocketPort {
  const left = inheritSockets(estate);
  const early = new Map<string, Opened>();
  const policies = definitions.flatMap(({ name, sockets }) => sockets.map((policy) => ({ name, policy })));
  for (const { name, policy } of policies) {
    const key = addressKeyOf(policy.listen);
    // Of several that share a port, the first is held for whoever asks first.
    const isLater = left.has(`${name} ${key}`) || early.has(key) || mayBeServed(policy);
    const opened = isLater ? null : open(policy);
    if (opened?.tag === "opened") early.set(key, opened);
  }
  let mayHaveSurvived = true;
  const fetch = (service: string, { listen }: SocketPolicy): ListeningSocket | null => {
    const pid = mayHaveSurvived ? survivors.mainOf(service) : null;
    const socket = pid === null ? null : fetchListeningSocket(pid, listen);
    if (socket !== null)
      survivors.fetched(service, `goes on with the socket of "${addressTextOf(listen)}", fetched back from pid ${pid}`);
    return socket;
  };
  return {
    open(service, policy) {
      const key = addressKeyOf(policy.listen);
      const found = left.get(`${service} ${key}`);
      left.delete(`${service} ${key}`);
      if (found !== undefined)
        return { tag: "opened", socket: new HeldSocket(found.socket, { ...found, key }, estate) };
      const opened = early.get(key) ?? fetchOrOpen(policy, () => fetch(service, policy));
      early.delete(key);
      if (opened.tag === "failed") return opened;
      const { socket } = opened;
      const heldAs = nameOf(service, key, socket);
      estate.hold(heldAs, socket.fd);
      return { tag: "opened", socket: new HeldSocket(socket, { heldAs, key }, estate) };
    },
    closeUnclaimed() {
      mayHaveSurvived = false;
      for (const { heldAs, socket } of left.values()) {
        estate.release(heldAs);
        closeListeningSocket(socket);
      }
      left.clear();
    },
  };
}

/** A socket that outlives this process. */
class HeldSocket implements PassedSocket {
  readonly #socket: ListeningSocket;
  readonly #key: string;
  readonly #estate: EstatePort;
  #heldAs: string;

  /** `key`: of its address. */
  constructor(socket: ListeningSocket, held: { readonly heldAs: string; readonly key: string }, estate: EstatePort) {
    this.#socket = socket;
    this.#key = held.key;
    this.#heldAs = held.heldAs;
    this.#estate = estate;
  }

  get fd(): number {
    return this.#socket.fd;
  }

  handTo(service: string): void {
    const before = this.#heldAs;
    this.#heldAs = nameOf(service, this.#key, this.#socket);
    this.#estate.hold(this.#heldAs, this.fd);
    this.#estate.release(before);
  }

  adjust(policy: SocketPolicy): string | null {
    const request = requestOf(policy);
    return typeof request === "string" ? request : adjustListeningSocket(this.#socket, request);
  }

  refresh(): void {
    makeBlocking(this.#socket);
  }

  close(): void {
    this.#estate.release(this.#heldAs);
    closeListeningSocket(this.#socket);
  }
}

/** By service and key of address. */
function inheritSockets(estate: EstatePort): Map<string, Left> {
  const left = new Map<string, Left>();
  for (const [heldAs, fd] of estate.inherit(`${HELD} `)) {
    const [, service = "", device = "", inode = "", tag = "", ...address] = heldAs.split(" ");
    const path = address.join(" ");
    const file = inode === "0" ? null : { path, device: BigInt(device), inode: BigInt(inode) };
    left.set(`${service} ${tag} ${path}`, { heldAs, socket: { fd, file } });
  }
  return left;
}

function nameOf(service: string, key: string, { file }: ListeningSocket): string {
  return `${HELD} ${service} ${file?.device ?? 0} ${file?.inode ?? 0} ${key}`;
}

function fetchOrOpen(policy: SocketPolicy, fetch: () => ListeningSocket | null): Opened {
  const socket = fetch();
  return socket === null ? open(policy) : { tag: "opened", socket };
}

/** To ask a socket of which nobody knows whether it is served is to connect to it, which a service might not like that has survived. */
function mayBeServed({ listen }: SocketPolicy): boolean {
  return isUnixAddress(listen) && isBoundPath(listen.path);
}

function open(policy: SocketPolicy): Opened {
  const request = requestOf(policy);
  return typeof request === "string" ? { tag: "failed", message: request } : openListeningSocket(request);
}

/** A message if there is no such user or group. */
function requestOf({ name, listen, backlog, reusePort, mode, owner, group }: SocketPolicy): ListenRequest | string {
  const user = owner === null ? null : findUser(owner);
  if (owner !== null && user === null) return `cannot open socket "${name}": there is no user "${owner}"`;
  const gid = group === null ? null : findGroup(group);
  if (group !== null && gid === null) return `cannot open socket "${name}": there is no group "${group}"`;
  return { listen, backlog, reusePort, mode, uid: user?.uid ?? null, gid };
}
