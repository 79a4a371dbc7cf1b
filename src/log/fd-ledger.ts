/** Descriptors beyond this are not noted; they are lost if their owner dies. */
const MOST_FDS = 65_536;

/** The memory behind a ledger, all descriptors closed. */
export function newLedgerMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(MOST_FDS);
}

/** Which descriptors one thread holds open, in memory that another thread can read after the first has died. */
export class FdLedger {
  readonly #flags: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#flags = new Uint8Array(memory);
  }

  note(fd: number): void {
    this.#flags[fd] = 1;
  }

  strike(fd: number): void {
    this.#flags[fd] = 0;
  }

  get fds(): readonly number[] {
    const fds: number[] = [];
    for (let fd = this.#flags.indexOf(1); fd >= 0; fd = this.#flags.indexOf(1, fd + 1)) fds.push(fd);
    return fds;
  }
}
