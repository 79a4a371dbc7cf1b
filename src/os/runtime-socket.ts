/* A connection to a Unix socket through the runtime: other things happen while its answer is waited for. */
import type { ClientSocket } from "./client-socket.ts";

/** With so many bytes that nobody has asked for yet, no more are read, until they are. */
const MOST_KEPT = 1024 * 1024;

/** Connects to a path, or takes over a descriptor that is connected, and sends these bytes. A string is the name of the errno of a failure. */
export async function connectRuntimeSocket(
  to: { readonly unix: string } | { readonly fd: number },
  bytes: Uint8Array,
): Promise<ClientSocket | string> {
  const connection = new RuntimeSocket(bytes);
  const handler: Bun.SocketHandler<undefined> = {
    open: (peer) => connection.opened(peer),
    data: (_peer, chunk) => connection.arrived(chunk),
    drain: () => connection.send(),
    error: (_peer, error) => connection.ended(codeOf(error)),
    close: (_peer, error) => connection.ended(error === undefined || error === null ? null : codeOf(error)),
  };
  try {
    // The types do not know of a descriptor that is connected already.
    await Bun.connect({ ...to, socket: handler } as unknown as Bun.UnixSocketOptions<undefined>);
    return connection;
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

class RuntimeSocket implements ClientSocket {
  #peer: Bun.Socket<undefined> | null = null;
  #unsent: Uint8Array;
  #arrived: Uint8Array[] = [];
  #kept = 0;
  /** What there is behind all that has arrived; null: more. */
  #end: Uint8Array | string | null = null;
  #wake: () => void = () => {};

  constructor(unsent: Uint8Array) {
    this.#unsent = unsent;
  }

  opened(peer: Bun.Socket<undefined>): void {
    this.#peer = peer;
    this.send();
  }

  send(): void {
    while (this.#unsent.length > 0) {
      const count = this.#peer?.write(this.#unsent) ?? 0;
      if (count <= 0) return;
      this.#unsent = this.#unsent.subarray(count);
    }
  }

  arrived(chunk: Uint8Array): void {
    this.#arrived.push(chunk);
    this.#kept += chunk.length;
    if (this.#kept > MOST_KEPT) this.#peer?.pause();
    this.#wake();
  }

  /** `errno`: null: in order. */
  ended(errno: string | null): void {
    this.#end ??= errno ?? new Uint8Array();
    this.#wake();
  }

  receiveSoon(): null {
    return null;
  }

  async receive(): Promise<Uint8Array | string> {
    for (;;) {
      const next = this.#arrived.shift();
      if (next !== undefined) {
        this.#kept -= next.length;
        if (this.#kept === 0) this.#peer?.resume();
        return next;
      }
      if (this.#end !== null) return this.#end;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  close(): void {
    this.#peer?.terminate();
    this.ended(null);
  }
}
