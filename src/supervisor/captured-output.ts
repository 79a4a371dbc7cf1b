import type { OutputPort, ProcessPort, SpawnPort } from "./ports.ts";

export interface CapturePorts {
  readonly output: Pick<OutputPort, "watch" | "unwatch">;
  readonly processes: Pick<ProcessPort, "closeFd">;
  readonly spawning: Pick<SpawnPort, "readPipe">;
}

// What is read in one turn of the loop, as much as a pipe holds; shared by all, as it is used only within a call.
const buffer = new Uint8Array(64 * 1024);

/** The end of what comes over a pipe, which is read all the time so that nobody has to wait for room in it. */
export class CapturedOutput {
  readonly #fd: number;
  readonly #most: number;
  readonly #ports: CapturePorts;
  #kept: Uint8Array = new Uint8Array(0);
  #isOpen = true;

  /** The read end of the pipe, which does not block, belongs to this from now on. The last `most` bytes are kept. */
  constructor(fd: number, most: number, ports: CapturePorts) {
    this.#fd = fd;
    this.#most = most;
    this.#ports = ports;
    this.#watch();
  }

  /** Whoever may still write is not waited for: gives what has come so far. */
  finish(): string {
    // More than the pipe holds would be written at this moment.
    if (this.#isOpen) this.#read();
    if (this.#isOpen) this.#close();
    return new TextDecoder().decode(this.#kept);
  }

  #watch(): void {
    this.#ports.output.watch(this.#fd, () => {
      if (!this.#isOpen) return;
      this.#read();
      if (this.#isOpen) this.#watch();
    });
  }

  #read(): void {
    const count = this.#ports.spawning.readPipe(this.#fd, buffer);
    if (count === null) return this.#close();
    this.#kept = Buffer.concat([this.#kept, buffer.subarray(0, count)]).subarray(-this.#most);
  }

  #close(): void {
    this.#isOpen = false;
    this.#ports.output.unwatch(this.#fd);
    this.#ports.processes.closeFd(this.#fd);
  }
}
