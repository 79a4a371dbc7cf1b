/*
 * The file readers: between the relay, which never waits for a file, and the lanes, which do. Each has a pipe, which outlives this
 * process as those of services do: a successor reads on what is in it, and writes to another one.
 */
import { type FileReader, fileReadersOf } from "../core/dropped-files.ts";
import type { LogPolicy } from "../core/log-policy.ts";
import type { FileMark, OutputMark } from "./plane-messages.ts";
import { type RelayPipePorts, RelayPipes } from "./relay-pipes.ts";

export interface FileReaderPorts extends RelayPipePorts {
  readonly relay: RelayPipePorts["relay"] & {
    begin(): void;
    /** Done when all that it has for file readers is handed on, and after so many milliseconds in any case. */
    settle(millis: number): Promise<void>;
  };
  /** A pipe for a run that is to begin, whose write end does not block; a text says why there is none. */
  openPipe(of: { readonly run: number; readonly service: string; readonly stream: "stdout" }): Ends | string;
  /** The highest number of a run of file readers that a predecessor has left; 0: there is none. */
  readonly lastRun: number;
  readonly plane: {
    configure(reader: string, policy: LogPolicy, file: string): void;
    open(run: { readonly run: number; readonly service: string; readonly pid: number }, pipes: readonly Pipe[]): void;
    forget(reader: string): void;
    drain(run: number): Promise<void>;
    troubleOf(reader: string): string | null;
    mark(service: string, listen: (mark: OutputMark) => void): void;
  };
  report(message: string): void;
}

interface Ends {
  readonly read: number;
  readonly write: number;
}

interface Pipe {
  readonly fd: number;
  readonly stream: "stdout";
}

interface Open {
  readonly run: number;
  readonly write: number;
}

/** Runs of services and of commands have other numbers. */
export const BEFORE_READER_RUNS = 2_000_000_000;

/** So often, and with so many milliseconds in between, it is tried to find a moment at which a file has all that was read. */
const MOST_TRIES = 20;
const PATIENCE = 10;

const NONE: readonly string[] = [];

export class FileReaders {
  readonly #ports: FileReaderPorts;
  readonly #relayed: RelayPipes;
  /** By the services whose lines they read. */
  readonly #names = new Map<string, readonly string[]>();
  readonly #open = new Map<string, Open>();
  /** Readers that were asked for their files and have not answered yet. */
  readonly #asked = new Set<string>();
  #lastRun: number;

  constructor(ports: FileReaderPorts) {
    this.#ports = ports;
    this.#relayed = new RelayPipes(ports);
    this.#lastRun = Math.max(BEFORE_READER_RUNS, ports.lastRun);
  }

  /** What the service logs to from now on, which the data plane has been told already; `standard` is the path of a file that has none. */
  configure(service: string, policy: LogPolicy, standard: string): void {
    const readers = fileReadersOf(service, policy, standard);
    const before = this.#names.get(service) ?? NONE;
    if (readers.length === 0 && before.length === 0) return;
    this.#names.set(
      service,
      readers.map(({ name }) => name),
    );
    for (const reader of readers) this.#begin(reader);
    for (const name of before) if (!readers.some((reader) => reader.name === name)) this.#end(name);
  }

  /** The service is gone. */
  forget(service: string): void {
    for (const name of this.#names.get(service) ?? NONE) this.#end(name);
    this.#names.delete(service);
  }

  /** Why a file of the service is not written; null: each is, as far as is known. */
  troubleOf(service: string): string | null {
    for (const name of this.#names.get(service) ?? NONE) {
      const trouble = this.#ports.plane.troubleOf(name);
      if (trouble !== null) return trouble;
    }
    return null;
  }

  /**
   * Calls `listen` with what there is of a service's output now, as the data plane does, and its files as their readers have left
   * them. That is of one moment if for some milliseconds nothing more was to be written; else lines at that place may come twice.
   */
  mark(service: string, listen: (mark: OutputMark) => void): void {
    let tries = 0;
    let known: { readonly sent: number; readonly files: readonly FileMark[] } | null = null;
    const look = (): void =>
      this.#ports.plane.mark(service, (mark) => {
        const { underway } = mark;
        if (underway === null) return listen(mark);
        if (known?.sent === underway.sent || ++tries > MOST_TRIES)
          return listen({ ...mark, files: known?.files ?? [] });
        const { sent, left } = underway;
        const files = left > 0 ? Bun.sleep(PATIENCE).then(() => null) : this.#marksOf(service);
        void files.then((found) => {
          known = found === null ? null : { sent, files: found };
          look();
        });
      });
    look();
  }

  /** The data plane has given on all that it will: done when that is in the files, and after so many milliseconds in any case. */
  async settle(millis: number): Promise<void> {
    if (this.#open.size === 0) return;
    const drained = async (): Promise<void> => {
      await this.#ports.settled();
      await this.#ports.relay.settle(millis);
      await Promise.all([...this.#open.values()].map(({ run }) => this.#ports.plane.drain(run)));
    };
    await Promise.race([drained(), Bun.sleep(millis)]);
  }

  /** The files of the service with all that was in the pipes; null: they do not answer. */
  #marksOf(service: string): Promise<readonly FileMark[] | null> {
    const names = this.#names.get(service) ?? NONE;
    const silence = Bun.sleep(PATIENCE).then(() => null);
    // Whoever does not answer has more to do with each request that waits there.
    if (names.some((name) => this.#asked.has(name))) return silence;
    return Promise.race([Promise.all(names.map((name) => this.#ask(name))).then((files) => files.flat()), silence]);
  }

  async #ask(name: string): Promise<readonly FileMark[]> {
    const { plane } = this.#ports;
    const open = this.#open.get(name);
    this.#asked.add(name);
    try {
      if (open !== undefined) await plane.drain(open.run);
      return (await new Promise<OutputMark>((resolve) => plane.mark(name, resolve))).files;
    } finally {
      this.#asked.delete(name);
    }
  }

  #begin({ name, path, policy }: FileReader): void {
    this.#ports.relay.begin();
    this.#ports.plane.configure(name, policy, path);
    // Perhaps again before it has ended: the relay may still write to its pipe, so it stays that one.
    if (this.#open.has(name)) return this.#relayed.reuse(name);
    const run = ++this.#lastRun;
    const ends = this.#ports.openPipe({ run, service: name, stream: "stdout" });
    if (typeof ends === "string") return this.#ports.report(`cannot log to "${path}": no pipe: ${ends}`);
    this.#open.set(name, { run, write: ends.write });
    this.#ports.plane.open({ run, service: name, pid: 0 }, [{ fd: ends.read, stream: "stdout" }]);
    this.#relayed.open(name, ends.write);
  }

  /** What is on its way there is still written. */
  #end(name: string): void {
    const open = this.#open.get(name);
    if (open === undefined) return this.#ports.plane.forget(name);
    this.#relayed.release(name, () => {
      this.#open.delete(name);
      this.#ports.close(open.write);
      this.#ports.plane.forget(name);
    });
  }
}
