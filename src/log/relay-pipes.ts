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
  readonly write: number;
  /** Readable once the pipe can be written to. */
  readonly writable: number | null;
  /** Another one for each time that the pipe is to be released; null: it is used. */
  release: object | null;
}

export class RelayPipes {
  readonly #ports: RelayPipePorts;
  readonly #pipes = new Map<string, RelayPipe>();

  constructor(ports: RelayPipePorts) {
    this.#ports = ports;
  }

  /** What is for this reader goes into the pipe with this write end, which does not block. */
  open(reader: string, write: number): void {
    const pipe = { write, writable: this.#ports.openWritableWatch(write), release: null };
    this.#pipes.set(reader, pipe);
    this.#use(reader, pipe);
  }

  /** The pipe is used on, if it was to be released. */
  reuse(reader: string): void {
    const pipe = this.#pipes.get(reader);
    if (pipe === undefined || pipe.release === null) return;
    pipe.release = null;
    this.#use(reader, pipe);
  }

  /**
   * Nothing more is for this reader. `free` is called once what was for it is in the pipe, or nothing gets on there, and the write end
   * is nobody's any more; never if the pipe is used again before that, or its release is asked for anew.
   */
  release(reader: string, free: () => void): void {
    const pipe = this.#pipes.get(reader);
    if (pipe === undefined) return free();
    void this.#handOn(reader, pipe, free);
  }

  async #handOn(reader: string, pipe: RelayPipe, free: () => void): Promise<void> {
    const release = {};
    pipe.release = release;
    await this.#ports.settled();
    if (pipe.release !== release) return;
    await this.#ports.relay.releasePipe(reader);
    if (pipe.release !== release) return;
    this.#pipes.delete(reader);
    if (pipe.writable !== null) {
      this.#ports.unwatch(pipe.writable);
      this.#ports.close(pipe.writable);
    }
    // At once: whoever wanted the pipe again from here on would be given one that is about to be closed.
    free();
  }

  #use(reader: string, pipe: RelayPipe): void {
    this.#ports.relay.usePipe(reader, pipe.write, () => this.#awaitRoom(reader, pipe));
  }

  #awaitRoom(reader: string, pipe: RelayPipe): void {
    const { writable } = pipe;
    if (writable !== null && this.#pipes.get(reader) === pipe)
      this.#ports.watch(writable, () => this.#ports.relay.room(reader));
  }
}
