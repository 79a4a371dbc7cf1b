import { HttpConnection } from "./http-connection.ts";

/** How often connections are looked at that have a deadline, in milliseconds; without such ones, never. */
const LOOK_EVERY_MS = 1_000;

/** What listens: a Unix socket that listens already and does not block (`fd` is closed with the listener), or an address of TCP. */
export type ListenPlace =
  | { readonly tag: "unix"; readonly fd: number }
  | { readonly tag: "tcp"; readonly hostname: string; readonly port: number; readonly tls: TlsFiles | null };

/** Certificate (with those that it is signed by) and key, as text in PEM. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface ListenOptions {
  /** Most connections at the same time; at one more, the longest idle one is ended. */
  readonly capacity: number;
  /** Answers one request; never rejects. `from`: the address of the client; "" on a Unix socket. */
  answer(request: Request, from: string): Promise<Response>;
}

export interface HttpListener {
  /** The port that was given if 0 was asked for; null for a Unix socket. */
  readonly port: number | null;
  /** How many requests are not answered yet, to the last byte. */
  busyCount(): number;
  /** Takes no new connections; those that there are go on. */
  stop(): void;
  /** Takes new connections again, from this socket, which listens and does not block. Throws what the system says if it cannot. */
  goOn(fd: number): void;
  /** Ends all connections. */
  close(): void;
}

type Peer = Bun.Socket<HttpConnection>;

/** Listens for connections and looks after them. Throws what the system says if it cannot listen. */
export function listenHttp(place: ListenPlace, options: ListenOptions): HttpListener {
  const connections = new Set<HttpConnection>();
  let timer: NodeJS.Timeout | null = null;

  function look(): void {
    timer = null;
    const now = performance.now();
    for (const connection of connections) if (connection.deadline <= now) connection.expire();
    arm();
  }

  function arm(): void {
    if (timer !== null) return;
    for (const { deadline } of connections) {
      if (deadline === Number.POSITIVE_INFINITY) continue;
      timer = setTimeout(look, LOOK_EVERY_MS);
      timer.unref();
      return;
    }
  }

  function open(peer: Peer): void {
    const from = place.tag === "tcp" ? peer.remoteAddress : "";
    const connection = new HttpConnection({
      wire: peer,
      answer: (request) => options.answer(request, from),
      now: () => performance.now(),
      deadlineChanged: arm,
    });
    peer.data = connection;
    const isFull = connections.size >= options.capacity && !makeRoom();
    connections.add(connection);
    arm();
    if (isFull) connection.turnAway(`cannot take the connection: ${options.capacity} are at work, want fewer`);
  }

  /** Ends the connection that has been here longest of those that nobody loses anything with. */
  function makeRoom(): boolean {
    for (const connection of connections) {
      if (!connection.isIdle) continue;
      connections.delete(connection);
      connection.close();
      return true;
    }
    return false;
  }

  const socket: Bun.SocketHandler<HttpConnection> = {
    open,
    // Without this one, those that have not agreed on TLS yet would be opened to nobody, and could not be ended.
    handshake() {},
    data: (peer, bytes) => peer.data.receive(bytes),
    drain: (peer) => peer.data.writable(),
    end: (peer) => peer.data.ended(),
    error: (peer) => peer.data.close(),
    close(peer) {
      connections.delete(peer.data);
      peer.data.close();
    },
  };
  let listener = listen(place, socket);

  return {
    port: "port" in listener ? listener.port : null,
    busyCount: () => [...connections].filter(({ isIdle }) => !isIdle).length,
    stop: () => listener.stop(),
    goOn: (fd) => void (listener = listen({ tag: "unix", fd }, socket)),
    close() {
      if (timer !== null) clearTimeout(timer);
      listener.stop(true);
      for (const connection of connections) connection.close();
    },
  };
}

function listen(
  place: ListenPlace,
  socket: Bun.SocketHandler<HttpConnection>,
): Bun.UnixSocketListener<HttpConnection> | Bun.TCPSocketListener<HttpConnection> {
  // A client may say that it has said everything and go on reading.
  if (place.tag === "unix") {
    // The types do not know of a socket that is there already.
    const options = { fd: place.fd, socket, allowHalfOpen: true } as unknown as Bun.UnixSocketOptions<HttpConnection>;
    return Bun.listen<HttpConnection>(options);
  }
  const { hostname, port, tls } = place;
  return Bun.listen<HttpConnection>({
    hostname,
    port,
    socket,
    allowHalfOpen: true,
    ...(tls === null ? {} : { tls: { cert: tls.certificate, key: tls.key } }),
  });
}
