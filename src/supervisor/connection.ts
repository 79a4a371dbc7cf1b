/*
 * Outgoing TCP connections for checks. They are node:net's: a pending one of the runtime's own interface cannot be called
 * off. The module is loaded with the first check, as it costs a megabyte and some milliseconds.
 */
import type { Socket } from "node:net";

export interface ConnectionListener {
  /** The socket is the listener's from now on; its errors are ignored unless it listens for them. */
  connected(socket: Socket): void;
  /** No address accepts; a clause. */
  failed(reason: string): void;
}

export interface Place {
  /** An IPv4 or IPv6 address, or a name. */
  readonly host: string;
  readonly port: number;
}

/**
 * Connects to the addresses of the host, one after the other, until one accepts; a name is looked up anew each time. The
 * returned function calls it off, a connection that has been made included.
 */
export function openConnection(place: Place, listener: ConnectionListener): () => void {
  const net = process.getBuiltinModule("node:net");
  let socket: Socket | null = null;
  let isOver = false;
  const fail = (reason: string): void => {
    if (!isOver) listener.failed(reason);
    isOver = true;
  };
  const tryEach = (addresses: readonly string[]): void => {
    const [address, ...others] = addresses;
    if (isOver || address === undefined) return;
    let reason = "connection closed";
    const attempt = net.connect({ host: address, port: place.port });
    socket = attempt;
    attempt.on("error", (error) => (reason = wordsOf(error)));
    const closed = (): void => (others.length > 0 ? tryEach(others) : fail(reason));
    attempt.once("close", closed);
    attempt.once("connect", () => {
      attempt.off("close", closed);
      if (!isOver) listener.connected(attempt);
    });
  };

  if (net.isIP(place.host) === 0) resolve(place.host, { found: tryEach, failed: fail });
  else tryEach([place.host]);
  return () => {
    isOver = true;
    socket?.destroy();
  };
}

function resolve(
  host: string,
  listener: { found(addresses: readonly string[]): void; failed(reason: string): void },
): void {
  process.getBuiltinModule("node:dns").lookup(host, { all: true }, (error, addresses) => {
    if (error === null && addresses.length > 0) listener.found(addresses.map(({ address }) => address));
    else listener.failed(`cannot resolve "${host}": ${error === null ? "no address" : wordsOf(error)}`);
  });
}

/** The usual errors in words, any other one by its name. */
export function wordsOf(error: NodeJS.ErrnoException): string {
  return WORDS[error.code ?? ""] ?? error.code ?? error.message;
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
