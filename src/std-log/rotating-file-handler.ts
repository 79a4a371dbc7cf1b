import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { FileHandler, type FileHandlerOptions } from "./file-handler.ts";
import type { LevelName } from "./levels.ts";

export interface RotatingFileHandlerOptions extends FileHandlerOptions {
  /** In bytes, at least 1. */
  readonly maxBytes: number;
  /** How many older files are kept, at least 1. */
  readonly maxBackupCount: number;
}

/**
 * A file handler that begins a new file before a message would make the current one longer than `maxBytes`: `log.txt`
 * becomes `log.txt.1`, that becomes `log.txt.2`, and so on to `maxBackupCount`; the oldest is overwritten. A message
 * that is longer than `maxBytes` by itself gets a file of its own.
 *
 * With mode "w" all older files are removed as well, with "x" none of them may exist.
 */
export class RotatingFileHandler extends FileHandler {
  readonly #maxBytes: number;
  readonly #maxBackupCount: number;
  #size = 0;

  constructor(levelName: LevelName, options: RotatingFileHandlerOptions) {
    super(levelName, options);
    this.#maxBytes = options.maxBytes;
    this.#maxBackupCount = options.maxBackupCount;
  }

  /** Opens the file. Throws a RangeError if a limit is below 1. */
  override setup(): void {
    assertAtLeastOne("maxBytes", this.#maxBytes);
    assertAtLeastOne("maxBackupCount", this.#maxBackupCount);
    if (this.mode === "w") this.#removeBackups();
    if (this.mode === "x") this.#refuseBackups();
    super.setup();
    this.#size = statSync(this.filename).size;
  }

  override log(msg: string): void {
    const line = this.encode(msg);
    if (this.#size > 0 && this.#size + line.length > this.#maxBytes) this.rotateLogFiles();
    this.write(line);
    this.#size += line.length;
  }

  /** Begins a new file, whatever the size of the current one. */
  rotateLogFiles(): void {
    this.close();
    for (let index = this.#maxBackupCount; index >= 1; index--) {
      const source = this.#nameOf(index - 1);
      if (existsSync(source)) renameSync(source, this.#nameOf(index));
    }
    this.open("a");
    this.#size = 0;
  }

  #removeBackups(): void {
    for (let index = 1; index <= this.#maxBackupCount; index++) rmSync(this.#nameOf(index), { force: true });
  }

  #refuseBackups(): void {
    for (let index = 1; index <= this.#maxBackupCount; index++) {
      const backup = this.#nameOf(index);
      if (existsSync(backup)) throw new Error(`cannot open "${this.filename}": EEXIST: "${backup}" exists already`);
    }
  }

  #nameOf(index: number): string {
    return index === 0 ? this.filename : `${this.filename}.${index}`;
  }
}

function assertAtLeastOne(name: string, value: number): void {
  if (!(value >= 1)) throw new RangeError(`cannot set up RotatingFileHandler: ${name} is ${value}, want 1 or more`);
}
