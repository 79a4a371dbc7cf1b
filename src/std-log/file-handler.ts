import { closeSync, constants, openSync, writeSync } from "node:fs";
import { BaseHandler, type BaseHandlerOptions } from "./base-handler.ts";
import { type LevelName, LogLevels } from "./levels.ts";
import type { LogRecord } from "./log-record.ts";

/** "a" appends, "w" begins anew, "x" refuses a file that exists. */
export type LogMode = "a" | "w" | "x";

export interface FileHandlerOptions extends BaseHandlerOptions {
  readonly filename: string;
  /** Default: "a". */
  readonly mode?: LogMode;
  /** In bytes; default 4096. */
  readonly bufferSize?: number;
}

// Named because a daemon runs with an umask of 0: nobody but owner and group may read what is logged.
const FILE_MODE = 0o640;

const OPEN_FLAGS: Readonly<Record<LogMode, number>> = {
  a: constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND,
  w: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
  x: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
};

/**
 * Appends lines to a file, through a buffer that is written out when it is full, by `flush`, after every record more
 * severe than ERROR, when the handler is destroyed and when the process exits. Errors of the file system are thrown.
 */
export class FileHandler extends BaseHandler {
  protected readonly filename: string;
  protected readonly mode: LogMode;
  readonly #buffer: Uint8Array;
  readonly #encoder = new TextEncoder();
  readonly #flushAtExit = () => this.flush();
  #used = 0;
  #fd: number | null = null;

  constructor(levelName: LevelName, options: FileHandlerOptions) {
    super(levelName, options);
    this.filename = options.filename;
    this.mode = options.mode ?? "a";
    this.#buffer = new Uint8Array(options.bufferSize ?? 4096);
  }

  /** Opens the file. */
  override setup(): void {
    this.open(this.mode);
    process.on("exit", this.#flushAtExit);
  }

  override handle(logRecord: LogRecord): void {
    super.handle(logRecord);
    if (logRecord.level > LogLevels.ERROR) this.flush();
  }

  override log(msg: string): void {
    this.write(this.encode(msg));
  }

  /** Writes out what is in the buffer. What could not be written stays in it. */
  flush(): void {
    if (this.#fd === null) return;
    let written = 0;
    try {
      while (written < this.#used) written += writeSync(this.#fd, this.#buffer, written, this.#used - written);
    } finally {
      this.#buffer.copyWithin(0, written, this.#used);
      this.#used -= written;
    }
  }

  /** Writes out what is in the buffer and closes the file. */
  override destroy(): void {
    process.off("exit", this.#flushAtExit);
    this.close();
  }

  protected open(mode: LogMode): void {
    this.close();
    this.#fd = openSync(this.filename, OPEN_FLAGS[mode], FILE_MODE);
  }

  protected close(): void {
    if (this.#fd === null) return;
    try {
      this.flush();
    } finally {
      closeSync(this.#fd);
      this.#fd = null;
    }
  }

  /** The message as one line of the file. */
  protected encode(msg: string): Uint8Array {
    return this.#encoder.encode(`${msg}\n`);
  }

  protected write(line: Uint8Array): void {
    if (this.#fd === null) return;
    if (line.length > this.#buffer.length - this.#used) this.flush();
    if (line.length > this.#buffer.length) return writeAll(this.#fd, line);
    this.#buffer.set(line, this.#used);
    this.#used += line.length;
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(fd, bytes, written);
  }
}
