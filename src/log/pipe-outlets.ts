/*
 * The pipes that the relay writes to, by the readers at their other ends. A pipe outlives the sinks whose lines go into it: what they
 * had sent is still to be handed on when the last of them is shut, so it ends only when the main thread asks for that, and not
 * before it has everything or takes nothing more.
 */
import { isFileReader, ownerOf } from "../core/dropped-files.ts";
import { PipeOutlet, type PipeOutletPorts } from "./pipe-outlet.ts";
import type { Outlet } from "./relay-outlet.ts";

export interface PipeOutletsPorts extends Omit<PipeOutletPorts, "awaitRoom"> {
  /** Has `room` called once the pipe to this reader has some. */
  awaitRoom(reader: string): void;
  /** Done after the time in which a pipe that is to be released has to take something. */
  patience(): Promise<void>;
}

interface Pipe {
  readonly outlet: PipeOutlet;
  /** true: there are sinks whose lines go there. */
  isOpen: boolean;
  hasPipe: boolean;
  /** Another one for each time that it is to be released; null: it is used. */
  release: object | null;
}

export class PipeOutlets {
  readonly #ports: PipeOutletsPorts;
  readonly #pipes = new Map<string, Pipe>();

  constructor(ports: PipeOutletsPorts) {
    this.#ports = ports;
  }

  /** For sinks. What was sent by those before them is handed on first. */
  open(reader: string): Outlet {
    const pipe = this.#pipeOf(reader);
    pipe.isOpen = true;
    return {
      push: (parcel) => pipe.outlet.push(parcel),
      settle: () => pipe.outlet.settle(),
      close: () => {
        pipe.isOpen = false;
        this.#forget(reader, pipe);
      },
    };
  }

  /** What is for this reader goes into this pipe from now on, which was perhaps to be released. */
  use(reader: string, fd: number): void {
    const pipe = this.#pipeOf(reader);
    pipe.hasPipe = true;
    pipe.release = null;
    pipe.outlet.use(fd);
  }

  room(reader: string): void {
    this.#pipes.get(reader)?.outlet.room();
  }

  /** Done when the pipe has everything, or takes nothing more. It is touched no more then, unless it was used again meanwhile. */
  async release(reader: string): Promise<void> {
    const pipe = this.#pipes.get(reader);
    if (pipe === undefined) return;
    const release = {};
    pipe.release = release;
    const { outlet } = pipe;
    let isSettled = false;
    const settled = outlet.settle().then(() => void (isSettled = true));
    for (let progress = -1; !isSettled && pipe.release === release && progress !== outlet.progress;) {
      ({ progress } = outlet);
      await Promise.race([settled, this.#ports.patience()]);
    }
    if (pipe.release !== release) return;
    pipe.hasPipe = false;
    pipe.outlet.close();
    this.#forget(reader, pipe);
  }

  /** Done when everything has been handed on that is for file readers. */
  async settleFiles(): Promise<void> {
    const ofFiles = [...this.#pipes].filter(([reader]) => isFileReader(reader));
    await Promise.all(ofFiles.map(([, { outlet }]) => outlet.settle()));
  }

  #pipeOf(reader: string): Pipe {
    const known = this.#pipes.get(reader);
    if (known !== undefined) return known;
    const name = isFileReader(reader) ? `a log file of ${ownerOf(reader)}` : `service:${reader}`;
    const outlet = new PipeOutlet(name, { ...this.#ports, awaitRoom: () => this.#ports.awaitRoom(reader) });
    const pipe = { outlet, isOpen: false, hasPipe: false, release: null };
    this.#pipes.set(reader, pipe);
    return pipe;
  }

  #forget(reader: string, pipe: Pipe): void {
    if (pipe.isOpen || pipe.hasPipe) return;
    pipe.outlet.close();
    if (this.#pipes.get(reader) === pipe) this.#pipes.delete(reader);
  }
}
