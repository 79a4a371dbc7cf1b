import { closeSync, openSync, readSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const CHUNK = 1 << 20;

/** Reads a log and its rotated files on from where it was read to the last time. */
export class LogTail {
  readonly #path: string;
  #inode = 0;
  #offset = 0;
  #rest = "";
  readonly #buffer = Buffer.alloc(CHUNK);

  /** `path`: of the newest file; those that were rotated have a number behind it. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Hands over each whole line that has come since. Throws if the file that was read last is not there any more. */
  read(hear: (line: string) => void): void {
    const files = this.#files();
    const at = this.#inode === 0 ? 0 : files.findIndex(({ inode }) => inode === this.#inode);
    if (at === -1) throw new Error(`"${this.#path}" has lost the file that was read last`);
    for (const { path, inode } of files.slice(at, newestInUse(files) + 1)) {
      if (inode !== this.#inode) {
        this.#inode = inode;
        this.#offset = 0;
      }
      this.#readFile(path, hear);
    }
  }

  /** Bytes of a line that has not ended. */
  get rest(): string {
    return this.#rest;
  }

  #readFile(path: string, hear: (line: string) => void): void {
    const fd = openSync(path, "r");
    try {
      for (;;) {
        const length = readSync(fd, this.#buffer, 0, CHUNK, this.#offset);
        if (length === 0) return;
        this.#offset += length;
        const lines = (this.#rest + this.#buffer.toString("latin1", 0, length)).split("\n");
        this.#rest = lines.pop() ?? "";
        for (const line of lines) hear(line);
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Oldest first. */
  #files(): readonly { readonly path: string; readonly inode: number; readonly size: number }[] {
    const name = basename(this.#path);
    const numberOf = (entry: string): number => (entry === name ? 0 : Number(entry.slice(name.length + 1)));
    return readdirSync(dirname(this.#path))
      .filter((entry) => entry === name || (entry.startsWith(`${name}.`) && /^\d+$/.test(entry.slice(name.length + 1))))
      .toSorted((left, right) => numberOf(right) - numberOf(left))
      .map((entry) => join(dirname(this.#path), entry))
      .map((path) => {
        const { ino, size } = statSync(path);
        return { path, inode: ino, size };
      });
  }
}

/** Who writes a file itself may go on with the one that was moved away, until there is something in the one that took its place. */
function newestInUse(files: readonly { readonly size: number }[]): number {
  return Math.max(
    0,
    files.findLastIndex(({ size }) => size > 0),
  );
}
