/** What the kernel gives a pipe at first, in bytes. */
const USUAL = 64 * 1024;
/** What one that brings much is given: its writer then goes on while what it has written is being dealt with. */
const LARGE = 1024 * 1024;
/** The same where many do: as much as is read at a time, so that each has the same share. */
const MIDDLE = 256 * 1024;
/** So long after it last brought much, a pipe may be made small again for another one; in microseconds. */
const REST_MICROS = 10_000_000;

export interface PipeSizePorts {
  /** Gives a pipe room for about so many bytes; what it has room for then. */
  resizePipe(fd: number, bytes: number): number;
  /** Bytes that the pipe has room for. */
  sizeOfPipe(fd: number): number;
  /** Bytes that all pipes together may have beyond their usual size. */
  readonly pipeBudget: number;
}

interface Large {
  readonly fd: number;
  /** Bytes beyond the usual size. */
  readonly extra: number;
  readonly room: number;
  /** When it brought much last, in microseconds. */
  busyAt: number;
}

/**
 * Which pipes are large. A larger one takes memory only when it is full; but all of a user's together are limited by the
 * kernel, and new ones are made tiny where that is used up, so only those that bring much are made large.
 */
export class PipeSizes {
  readonly #ports: PipeSizePorts;
  /** By what the pipe is known as; the one that was busy longest ago need not be the first. */
  readonly #large = new Map<object, Large>();
  #left: number;

  constructor(ports: PipeSizePorts) {
    this.#ports = ports;
    this.#left = ports.pipeBudget;
  }

  /** This pipe brings much. `at` is now, in microseconds of a clock that is never set. */
  noteBusy(pipe: object, fd: number, at: number): void {
    const known = this.#large.get(pipe);
    if (known !== undefined) {
      known.busyAt = at;
      return;
    }
    if (this.#left < MIDDLE - USUAL && !this.#shrinkOne(at)) return;
    const bytes = this.#nextSize;
    const extra = bytes - USUAL;
    // Noted also if the kernel refuses: it is not asked again.
    this.#large.set(pipe, { fd, extra, room: this.#ports.resizePipe(fd, bytes), busyAt: at });
    this.#left -= extra;
  }

  /** Bytes that the pipe has room for. */
  roomOf(pipe: object, fd: number): number {
    return this.#large.get(pipe)?.room ?? this.#ports.sizeOfPipe(fd);
  }

  /** The pipe is about to be closed. */
  forget(pipe: object): void {
    this.#left += this.#large.get(pipe)?.extra ?? 0;
    this.#large.delete(pipe);
  }

  /** Half of the budget is for few, the other half for many. */
  get #nextSize(): number {
    const isForFew = 2 * this.#left > this.#ports.pipeBudget && this.#left >= LARGE - USUAL;
    return isForFew ? LARGE : MIDDLE;
  }

  /** Makes a pipe small that has not been busy for long; false if there is none. */
  #shrinkOne(at: number): boolean {
    for (const [pipe, { fd, busyAt }] of this.#large) {
      if (at - busyAt < REST_MICROS) continue;
      // What is in it may not fit.
      if (this.#ports.resizePipe(fd, USUAL) > USUAL) continue;
      this.forget(pipe);
      return true;
    }
    return false;
  }
}
