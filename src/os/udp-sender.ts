import { lookup } from "node:dns/promises";

/** A socket whose datagrams all go to one address. */
export interface UdpSender {
  /** false: there is no room now; `room` is called once there is. */
  send(bytes: Uint8Array): boolean;
  close(): void;
}

export interface UdpListener {
  room(): void;
  /** A datagram that was sent could not be delivered. */
  failed(reason: string): void;
}

/** Rejects if there is no such host. */
export async function openUdpSender(
  { host, port }: { readonly host: string; readonly port: number },
  listener: UdpListener,
): Promise<UdpSender> {
  const { address } = await lookup(host);
  const socket = await Bun.udpSocket({
    connect: { hostname: address, port },
    socket: {
      drain: () => listener.room(),
      error: (_socket: unknown, error: unknown) => listener.failed(reasonOf(error)),
    },
  });
  return {
    send(bytes) {
      try {
        return socket.send(bytes);
      } catch (error) {
        // That of an earlier datagram, or of this one: it is gone either way.
        listener.failed(reasonOf(error));
        return true;
      }
    },
    close: () => socket.close(),
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
