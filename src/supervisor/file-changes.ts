/*
 * Which services are made from files that are not any more what they were when they were read. The files are looked at only
 * when somebody asks, and without blocking: a file system that does not answer must not stop the supervisor.
 */
import type { Definition } from "../core/definition.ts";
import { type Instant, type Millis, millis } from "../core/units.ts";
import type { TimerPort } from "./ports.ts";

/** By absolute path, what a file was when it was read. */
export type FileMarks = Readonly<Record<string, string>>;

export interface FileChangesPorts {
  readonly now: () => Instant;
  readonly timers: TimerPort;
  /** The mark of a file as it is now. Never rejects. */
  markOf(path: string): Promise<string>;
}

/** After that an answer is given with what was seen last. */
const PATIENCE = millis(250);
/** A look at all files is followed by none for so many times as long as it took. */
const REST = 50;
/** To look at no more files than these is always worth it. */
const FEW = 20;

export class FileChanges {
  readonly #ports: FileChangesPorts;
  readonly #settings: string;
  #marks: FileMarks;
  #changed = new Set<string>();
  #restsUntil: Instant;

  /** `settings`: the file whose defaults are part of every definition. */
  constructor(marks: FileMarks, settings: string, ports: FileChangesPorts) {
    this.#marks = marks;
    this.#settings = settings;
    this.#ports = ports;
    this.#restsUntil = ports.now();
  }

  /** Everything that was read last is in force. */
  accept(marks: FileMarks): void {
    this.#marks = marks;
    this.#changed = new Set();
    this.#restsUntil = this.#ports.now();
  }

  /** Looks at the files of these services, unless that was done a moment ago. */
  async look(definitions: Iterable<Definition>): Promise<void> {
    const paths = new Set<string>();
    for (const definition of definitions) for (const path of this.#filesOf(definition)) paths.add(path);
    const began = this.#ports.now();
    if (paths.size > FEW && began < this.#restsUntil) return;
    // Until this look has ended, which may be never, nobody looks at all of them a second time.
    if (paths.size > FEW) this.#restsUntil = Number.POSITIVE_INFINITY as Instant;
    const looked = this.#lookAt([...paths]).then(() => {
      const now = this.#ports.now();
      if (paths.size > FEW) this.#restsUntil = (now + REST * (now - began)) as Instant;
    });
    await this.#orAfter(PATIENCE, looked);
  }

  /** As of the last look. */
  isChanged(definition: Definition): boolean {
    return this.#changed.size > 0 && this.#filesOf(definition).some((path) => this.#changed.has(path));
  }

  async #lookAt(paths: readonly string[]): Promise<void> {
    const marks = this.#marks;
    await Promise.all(
      paths.map(async (path) => {
        const now = await this.#ports.markOf(path);
        // Meanwhile they may have been read again.
        if (marks !== this.#marks) return;
        if (now === marks[path]) this.#changed.delete(path);
        else this.#changed.add(path);
      }),
    );
  }

  #filesOf({ source, environmentFiles }: Definition): readonly string[] {
    return [source, this.#settings, ...environmentFiles.map(({ path }) => path)].filter((path) =>
      Object.hasOwn(this.#marks, path),
    );
  }

  #orAfter(span: Millis, done: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#ports.timers.after(span, resolve);
      void done.then(() => {
        cancel();
        resolve();
      });
    });
  }
}
