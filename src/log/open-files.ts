import type { LogFiles, OpenLogFile } from "./log-files.ts";

/** A log file that can be closed at any moment, and is opened again when there is something to be written. */
export interface Closable {
  close(): void;
}

/**
 * The log files of a thread that are open. Each is kept open while there are descriptors in plenty; where there are not, those that
 * have been open longest are closed, so that lines come into their files all the same, and nobody else is left without.
 */
export class OpenFiles {
  /** The one that was opened first is the first. */
  readonly #open = new Set<Closable>();

  /** Opens a file, for `owner` to close; it is failed if there is no descriptor even without the others. */
  open(owner: Closable, path: string, files: Pick<LogFiles, "openLogFile">): OpenLogFile {
    this.#open.delete(owner);
    let result = files.openLogFile(path, false);
    for (const other of this.#open) {
      if (result.tag !== "none-left") break;
      this.#open.delete(other);
      other.close();
      result = files.openLogFile(path, false);
    }
    // One at a time may take what is left to others.
    if (result.tag === "none-left") result = files.openLogFile(path, true);
    if (result.tag === "open") this.#open.add(owner);
    return result;
  }

  /** It is closed. */
  closed(owner: Closable): void {
    this.#open.delete(owner);
  }
}
