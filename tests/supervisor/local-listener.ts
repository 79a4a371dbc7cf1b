import { type Socket, connect, createServer } from "node:net";
import { closeListeningSocket, openListeningSocket } from "../../src/os/listening-socket.ts";

/** A listener on a port of its own that does with each connection as it is told. */
export async function listenLocally(serve: (socket: Socket) => void, host = "127.0.0.1") {
  const sockets = new Set<Socket>();
  const ended = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => {
      sockets.delete(socket);
      ended.resolve();
    });
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("internal error: no port");
  return {
    host,
    port: address.port,
    /** Done when a connection has come to its end. */
    connectionEnded: ended.promise,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

/** A port of the loopback interface that nobody listens on. */
export async function closedPort(): Promise<number> {
  await using listener = await listenLocally(() => {});
  return listener.port;
}

/** A listener whose queue is full: who connects waits. */
export async function listenWithoutAccepting() {
  const listen = { tag: "tcp" as const, host: "127.0.0.1", port: await closedPort() };
  const opened = openListeningSocket({ listen, backlog: 0, reusePort: false, mode: 0o600, uid: null, gid: null });
  if (opened.tag === "failed") throw new Error(opened.message);
  const fillers = [connect(listen.port, listen.host), connect(listen.port, listen.host)];
  // The first is in the queue, and there is room for no other.
  await new Promise((resolve) => fillers[0]?.once("connect", resolve));
  return {
    port: listen.port,
    async [Symbol.asyncDispose](): Promise<void> {
      const closed = fillers.map((filler) => new Promise<void>((resolve) => filler.once("close", () => resolve())));
      for (const filler of fillers) filler.on("error", () => {}).destroy();
      closeListeningSocket(opened.socket);
      await Promise.all(closed);
    },
  };
}
