/* Outgoing TCP connections for checks. Nothing here blocks, and everything can be called off. */
import type { OutputPort, TimerPort } from "./ports.ts";

export interface NetworkPort {
  /** The addresses of a host, or the name of an error; `done` is called later. */
  addressesOf(host: string, done: (found: readonly string[] | string) => void): void;
  /**
   * Begins to connect to an IPv4 or IPv6 address. `decided`: a descriptor that is readable when the outcome is there, to be
   * closed as well; null: it is connected.
   */
  connect(
    address: string,
    port: number,
  ):
    | { readonly tag: "begun"; readonly fd: number; readonly decided: number | null }
    | { readonly tag: "failed"; readonly errno: string };
  /** What has become of a connection that was pending: null if it is there, else the name of an errno. */
  takeError(fd: number): string | null;
  /** Sends some kilobytes over a new connection; null, or the name of an errno. */
  send(fd: number, bytes: Uint8Array): string | null;
  receive(
    fd: number,
    buffer: Uint8Array,
  ):
    | { readonly tag: "read"; readonly count: number }
    | { readonly tag: "empty" }
    | { readonly tag: "ended" }
    | { readonly tag: "failed"; readonly errno: string };
  close(fd: number): void;
}

export interface ConnectionPorts {
  readonly network: NetworkPort;
  readonly output: Pick<OutputPort, "watch" | "unwatch">;
  readonly timers: Pick<TimerPort, "soon" | "after">;
}

export interface ConnectionListener {
  connected(fd: number): void;
  /** No address accepts; a clause. */
  failed(reason: string): void;
}

export interface Place {
  /** An IPv4 or IPv6 address, or a name. */
  readonly host: string;
  readonly port: number;
}

/**
 * One connection, from the look-up of its host to its end. The addresses of the host are tried one after the other until
 * one accepts; a name is looked up anew each time.
 */
export class Connection {
  readonly #place: Place;
  readonly #ports: ConnectionPorts;
  readonly #listener: ConnectionListener;
  #fd: number | null = null;
  /** What is watched at the moment, and whether it is to be closed for itself. */
  #watched: { readonly fd: number; readonly isOwn: boolean } | null = null;
  #isOver = false;

  constructor(place: Place, ports: ConnectionPorts, listener: ConnectionListener) {
    this.#place = place;
    this.#ports = ports;
    this.#listener = listener;
    ports.timers.soon(() => this.#begin());
  }

  /** Once connected: calls back each time there is something to be received, until it is closed. */
  onReadable(read: () => void): void {
    if (this.#fd === null) return;
    this.#watch({ fd: this.#fd, isOwn: false }, () => {
      read();
      if (!this.#isOver) this.onReadable(read);
    });
  }

  /** Calls it off, or ends it. */
  close(): void {
    this.#isOver = true;
    this.#release();
  }

  #begin(): void {
    if (this.#isOver) return;
    const { host } = this.#place;
    if (isAddress(host)) return this.#try(host, []);
    this.#ports.network.addressesOf(host, (found) => {
      if (this.#isOver) return;
      if (typeof found === "string") this.#fail(`cannot resolve "${host}": ${wordsOf(found)}`);
      else this.#tryNext(found, "ENODATA");
    });
  }

  #try(address: string, others: readonly string[]): void {
    const { network } = this.#ports;
    const result = network.connect(address, this.#place.port);
    if (result.tag === "failed") return this.#tryNext(others, result.errno);
    const { fd, decided } = result;
    this.#fd = fd;
    if (decided === null) return this.#listener.connected(fd);
    this.#watch({ fd: decided, isOwn: true }, () => {
      const errno = network.takeError(fd);
      if (errno === null) return this.#listener.connected(fd);
      this.#release();
      this.#tryNext(others, errno);
    });
  }

  #tryNext([address, ...others]: readonly string[], errno: string): void {
    if (address === undefined) this.#fail(wordsOf(errno));
    else this.#try(address, others);
  }

  #fail(reason: string): void {
    this.#isOver = true;
    this.#listener.failed(reason);
  }

  #watch(watched: { readonly fd: number; readonly isOwn: boolean }, ready: () => void): void {
    this.#watched = watched;
    this.#ports.output.watch(watched.fd, () => {
      this.#unwatch();
      ready();
    });
  }

  #unwatch(): void {
    if (this.#watched === null) return;
    const { fd, isOwn } = this.#watched;
    this.#watched = null;
    this.#ports.output.unwatch(fd);
    if (isOwn) this.#ports.network.close(fd);
  }

  #release(): void {
    this.#unwatch();
    if (this.#fd !== null) this.#ports.network.close(this.#fd);
    this.#fd = null;
  }
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^\d+(?:\.\d+){3}$/.test(host);
}

/** The usual errors in words, any other one by its name. */
export function wordsOf(errno: string): string {
  return WORDS[errno] ?? errno;
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  ETIMEDOUT: "connection timed out",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENOTFOUND: "no such host",
  ENODATA: "no such host",
  EAI_AGAIN: "the name server does not answer",
};
