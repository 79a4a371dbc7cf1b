import type { EstatePort } from "../core/estate.ts";

export interface NotifySocket {
  readonly fd: number;
  /** The value of NOTIFY_SOCKET. */
  readonly address: string;
}

/** Makes sockets for notifications. */
export interface NotifySocketPort {
  /** A new socket, or why there is none. */
  open(): NotifySocket | string;
  /** A new one in the place of one that is lost, or why there is none. */
  reopen(address: string): NotifySocket | string;
  /** A predecessor's; before any is opened. */
  adopt(socket: NotifySocket): void;
  close(socket: NotifySocket): void;
}

/** Of a socket in the estate: "notify ADDRESS". */
const HELD = "notify ";

/** Sockets for notifications that outlive this process. */
export class HeldNotifySockets {
  readonly #port: NotifySocketPort;
  readonly #estate: EstatePort;
  /** What a predecessor held and nobody has asked for, by address; null: it has not been asked for. */
  #left: Map<string, number> | null = null;

  constructor(port: NotifySocketPort, estate: EstatePort) {
    this.#port = port;
    this.#estate = estate;
  }

  /** A new socket, or why there is none. */
  open(): NotifySocket | string {
    return this.#hold(this.#port.open());
  }

  /** That of a predecessor, with all that waits in it; or one in its place, or why there is none. */
  reopen(address: string): { readonly socket: NotifySocket; readonly isNew: boolean } | string {
    const left = this.#inherited();
    const fd = left.get(address);
    if (fd === undefined) {
      const socket = this.#hold(this.#port.reopen(address));
      return typeof socket === "string" ? socket : { socket, isNew: true };
    }
    left.delete(address);
    const socket = { fd, address };
    this.#port.adopt(socket);
    return { socket, isNew: false };
  }

  close(socket: NotifySocket): void {
    this.#estate.release(HELD + socket.address);
    this.#port.close(socket);
  }

  /** Closes what a predecessor held and nobody has asked for. */
  closeLeft(): void {
    for (const [address, fd] of this.#inherited()) this.close({ fd, address });
    this.#left = null;
  }

  #inherited(): Map<string, number> {
    const inherited = (): [string, number][] =>
      [...this.#estate.inherit(HELD)].map(([name, fd]) => [name.slice(HELD.length), fd]);
    return (this.#left ??= new Map(inherited()));
  }

  #hold(socket: NotifySocket | string): NotifySocket | string {
    if (typeof socket !== "string") this.#estate.hold(HELD + socket.address, socket.fd);
    return socket;
  }
}
