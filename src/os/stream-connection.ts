import { readFile } from "node:fs/promises";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";

/** Where a connection goes to, and how its other end proves who it is. */
export interface StreamAddress {
  readonly protocol: "tcp" | "tls";
  readonly host: string;
  readonly port: number;
  /** A file of certificates (PEM) that are trusted instead of those of the system; null: those. */
  readonly ca: string | null;
  /** The name that the certificate must have; null: the host. */
  readonly serverName: string | null;
}

export interface StreamListener {
  /** It can be written to; with TLS, the other end is who it is to be. */
  opened(): void;
  /** There is no connection, or no more. `reason` is for people. Called once. */
  ended(reason: string): void;
}

export interface StreamConnection {
  /** Calls `done` once the kernel has taken the bytes; never if the connection ends before. */
  write(bytes: Uint8Array, done: () => void): void;
  /** Ends it; nobody is told. */
  destroy(): void;
}

/** How long a connection may take to be there, in milliseconds. */
const LONGEST_CONNECT = 10_000;

/** Opens a connection with the sockets of the runtime, which know TLS; for a thread of its own, as they take memory. */
export function connectStream(address: StreamAddress, listener: StreamListener): StreamConnection {
  let socket: Socket | null = null;
  let isOver = false;
  const end = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(limit);
    socket?.destroy();
    listener.ended(reason);
  };
  const limit = setTimeout(() => end("it took too long to connect"), LONGEST_CONNECT);
  const opened = (): void => {
    clearTimeout(limit);
    if (!isOver) listener.opened();
  };
  void trustedBy(address)
    .then((ca) => {
      if (isOver) return;
      socket = open(address, ca, opened);
      socket.setKeepAlive(true, 60_000);
      socket.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
      socket.on("close", () => end("it was closed by the other side"));
      socket.on("end", () => end("it was closed by the other side"));
      // What it says is of no interest, but its end is.
      socket.resume();
    })
    .catch((error: unknown) => end(error instanceof Error ? error.message : String(error)));
  return {
    write: (bytes, done) =>
      void socket?.write(bytes, (error) => {
        if (!isOver && (error === null || error === undefined)) done();
      }),
    destroy() {
      isOver = true;
      clearTimeout(limit);
      socket?.destroy();
    },
  };
}

function open({ protocol, host, port, serverName }: StreamAddress, ca: string | null, opened: () => void): Socket {
  if (protocol === "tcp") return connectPlain({ host, port }, opened);
  const name = serverName ?? host;
  return connectSecure(
    { host, port, servername: name, rejectUnauthorized: true, ...(ca === null ? {} : { ca }) },
    opened,
  );
}

async function trustedBy({ protocol, ca }: StreamAddress): Promise<string | null> {
  return protocol === "tls" && ca !== null ? await readFile(ca, "utf8") : null;
}
