import type { SocketPolicy } from "../core/life-policies.ts";
import { addressKeyOf } from "../core/listen-address.ts";

/** Makes sockets; the owner and the group of a policy are looked up by it. */
export interface SocketPort {
  /** That of a predecessor, if it held one for the service; else a new one. */
  open(
    service: string,
    policy: SocketPolicy,
  ): { readonly tag: "opened"; readonly socket: PassedSocket } | { readonly tag: "failed"; readonly message: string };
  /** Closes what a predecessor held and nobody has asked for. */
  closeUnclaimed(): void;
}

/** A socket that is open here and served by a service. */
export interface PassedSocket {
  readonly fd: number;
  /** It is another service's from now on. */
  handTo(service: string): void;
  /** Changes backlog, mode, owner and group. null, or a message. */
  adjust(policy: SocketPolicy): string | null;
  /** Undoes what the last program did to it that would surprise the next one: lets it block. */
  refresh(): void;
  /** Closes it for all who have it, and removes its file: who connects is refused from then on. */
  close(): void;
}

/** The sockets of one service. */
interface Holding {
  /** By key of address. */
  readonly sockets: Map<string, PassedSocket>;
  /** Keys of what its latest definition asks for. */
  wanted: ReadonlySet<string>;
}

/** All the sockets that are open for services, each for one. */
export class HeldSockets {
  readonly #port: SocketPort;
  /** Called before a socket is closed or becomes another service's. */
  readonly #leaving: (service: string, fd: number) => void;
  readonly #holdings = new Map<string, Holding>();

  constructor(port: SocketPort, leaving: (service: string, fd: number) => void) {
    this.#port = port;
    this.#leaving = leaving;
  }

  /** What the service asks for from now on; whatever else it still holds may become another's that asks for it. */
  want(service: string, policies: readonly SocketPolicy[]): void {
    const wanted = new Set(policies.map(({ listen }) => addressKeyOf(listen)));
    const holding = this.#holdings.get(service);
    if (holding !== undefined) holding.wanted = wanted;
    else if (wanted.size > 0) this.#holdings.set(service, { sockets: new Map(), wanted });
  }

  /** The socket, opened if it was not; or a message why there is none. */
  open(service: string, policy: SocketPolicy): PassedSocket | string {
    const key = addressKeyOf(policy.listen);
    const held = this.#holdings.get(service)?.sockets.get(key);
    if (held !== undefined) return held;
    const taken = this.#takeUnwanted(key);
    taken?.handTo(service);
    taken?.adjust(policy);
    const result = taken === null ? this.#port.open(service, policy) : { tag: "opened" as const, socket: taken };
    if (result.tag === "failed") return result.message;
    const holding = this.#holdings.get(service) ?? { sockets: new Map(), wanted: new Set([key]) };
    this.#holdings.set(service, holding);
    holding.sockets.set(key, result.socket);
    return result.socket;
  }

  /** Closes what the service holds beside these. */
  keepOnly(service: string, policies: readonly SocketPolicy[]): void {
    const kept = new Set(policies.map(({ listen }) => addressKeyOf(listen)));
    const sockets = this.#holdings.get(service)?.sockets ?? new Map<string, PassedSocket>();
    for (const [key, socket] of sockets) {
      if (kept.has(key)) continue;
      sockets.delete(key);
      this.#leaving(service, socket.fd);
      socket.close();
    }
  }

  forget(service: string): void {
    this.keepOnly(service, []);
    this.#holdings.delete(service);
  }

  close(): void {
    for (const service of [...this.#holdings.keys()]) this.forget(service);
  }

  /** A socket that another service holds and asks for no more: as when a service has been given another name. */
  #takeUnwanted(key: string): PassedSocket | null {
    for (const [service, { sockets, wanted }] of this.#holdings) {
      const socket = sockets.get(key);
      if (socket === undefined || wanted.has(key)) continue;
      sockets.delete(key);
      this.#leaving(service, socket.fd);
      return socket;
    }
    return null;
  }
}
