/** The ends of pipes that the relay writes to, as long as they are open, and who waits until there is room. */
export interface RelayPipePorts {
  /** A descriptor that is readable once `fd` can be written to; null: it cannot be had. */
  openWritableWatch(fd: number): number | null;
  close(fd: number): void;
  /** Calls `ready` once when `fd` is readable. */
  watch(fd: number, ready: () => void): void;
  unwatch(fd: number): void;
  readonly relay: {
    usePipe(reader: string, fd: number, full: () => void): void;
    releasePipe(reader: string): Promise<void>;
    room(reader: string): void;
  };
  /** Done when all that the data plane has read is with the relay. */
  settled(): Promise<void>;
}

interface RelayPipe {
  /** Readable once the pipe can be written to. */
  readonly writable: number | null;
}

export class RelayPipes {
  readonly #ports: RelayPipePorts;
  readonly #pipes = new Map<string, RelayPipe>();

  constructor(ports: RelayPipePorts) {
    this.#ports = ports;
  }

  has(reader: string): boolean {
    return this.#pipes.has(reader);
  }

  /** What is for this reader goes into the pipe with this write end, which does not block. */
  open(reader: string, write: number): void {
    const pipe = { writable: this.#ports.openWritableWatch(write) };
    this.#pipes.set(reader, pipe);
    this.#ports.relay.usePipe(reader, write, () => this.#awaitRoom(reader, pipe));
  }

  /** Nothing more is for this reader. Done when the write end may be closed. */
  async release(reader: string): Promise<void> {
    const pipe = this.#pipes.get(reader);
    this.#pipes.delete(reader);
    await this.#ports.settled();
    const writable = pipe?.writable ?? null;
    if (writable !== null) {
      this.#ports.unwatch(writable);
      this.#ports.close(writable);
    }
    // Another pipe may have taken its place meanwhile.
    if (!this.#pipes.has(reader)) await this.#ports.relay.releasePipe(reader);
  }

  #awaitRoom(reader: string, pipe: RelayPipe): void {
    const { writable } = pipe;
    if (writable !== null && this.#pipes.get(reader) === pipe)
      this.#ports.watch(writable, () => this.#ports.relay.room(reader));
  }
}
