/** The kernel's notifications, as few of them as files are watched. */
export interface WriteNotices {
  /** Readable while there is something to take. */
  readonly fd: number;
  /** Watches an open file for being written to; the number that `take` tells of it, null if it cannot be. */
  add(fd: number): number | null;
  remove(watch: number): void;
  /** The watches whose files were written to since the last call; null among them: of any, as some were not told. */
  take(): readonly (number | null)[];
}

/** Watches of open files for all logs of a thread. Nothing is opened before there is one. */
export class WriteWatches {
  readonly #open: () => WriteNotices | null;
  readonly #opened: (fd: number) => void;
  readonly #changed = new Map<number, () => void>();
  #notices: WriteNotices | null = null;

  /** `opened`: its descriptor is to be waited for, and `ready` called then. */
  constructor(open: () => WriteNotices | null, opened: (fd: number) => void) {
    this.#open = open;
    this.#opened = opened;
  }

  /** Calls `changed` whenever the file is written to, until the returned function is called; null: it cannot be watched. */
  watch(fd: number, changed: () => void): (() => void) | null {
    const notices = this.#notices ?? this.#begin();
    const watch = notices?.add(fd) ?? null;
    if (notices === null || watch === null) return null;
    this.#changed.set(watch, changed);
    return () => {
      this.#changed.delete(watch);
      notices.remove(watch);
    };
  }

  /** There is something to take. */
  ready(): void {
    const told = new Set(this.#notices?.take() ?? []);
    const watches = told.has(null) ? [...this.#changed.keys()] : told;
    for (const watch of watches) if (watch !== null) this.#changed.get(watch)?.();
  }

  #begin(): WriteNotices | null {
    this.#notices = this.#open();
    if (this.#notices !== null) this.#opened(this.#notices.fd);
    return this.#notices;
  }
}
