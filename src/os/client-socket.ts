/*
 * A connection to a Unix socket for who asks and waits for the answer, as a command does. It comes soon as a rule, and until then
 * nothing else is to be done: so it is waited for in poll(2), without the threads and the memory that the runtime takes for
 * a request of its own. What takes longer is left to the runtime's sockets, for timers and signals are to be heard meanwhile.
 */
import { type CommandLibc, errnoOf, loadCommandLibc } from "./command-libc.ts";

export interface ClientSocket {
  /**
   * What has come, waited for so long at most that nobody notices that nothing else happens; empty: that was all; null: nothing yet, and
   * `receive` has to be asked from now on. A string is the name of the errno of a failure.
   */
  receiveSoon(): Uint8Array | string | null;
  /** What comes next, however long it takes; empty: that was all. A string is the name of the errno of a failure. */
  receive(): Promise<Uint8Array | string>;
  close(): void;
}

/** For so long may an answer keep everything else waiting, in milliseconds. */
const SOON_MS = 30;
/** How many bytes are received at once: at first, as most answers are shorter, and if that has not been enough. */
const FIRST_ROOM = 8 * 1024;
const MORE_ROOM = 128 * 1024;

// unix(7), socket(2), send(2), poll(2): the same on every architecture that we run on.
const AF_UNIX = 1;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 0x1 | 0x800 | 0x80000;
const MSG_NOSIGNAL = 0x4000;
const POLLIN = 1;

/** Connects to the socket at this path, which fits one, and sends these bytes. A string is the name of the errno of a failure. */
export function connectClient(path: string, bytes: Uint8Array): Promise<ClientSocket | string> | ClientSocket | string {
  const libc = loadCommandLibc();
  return libc === null ? connectThroughRuntime({ unix: path }, bytes) : connectThroughLibc(libc, path, bytes);
}

function connectThroughLibc(libc: CommandLibc, path: string, bytes: Uint8Array): ClientSocket | string {
  const fd = libc.socket(AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) return errnoOf(libc);
  // struct sockaddr_un: the family in 16 bits, the low ones first wherever the runtime is to be had, then the path and a NUL.
  const address = new Uint8Array(110);
  address[0] = AF_UNIX;
  new TextEncoder().encodeInto(path, address.subarray(2, 109));
  const sent =
    libc.connect(fd, address, address.length) === 0 ? Number(libc.send(fd, bytes, bytes.length, MSG_NOSIGNAL)) : -1;
  if (sent >= 0) return new LibcSocket(libc, fd, bytes.subarray(sent));
  const errno = errnoOf(libc);
  libc.close(fd);
  return errno;
}

class LibcSocket implements ClientSocket {
  readonly #libc: CommandLibc;
  readonly #fd: number;
  /** What the kernel has not taken yet. */
  readonly #unsent: Uint8Array;
  #deadline: number | null = null;
  #room = FIRST_ROOM;
  /** The one that goes on from here. */
  #later: Promise<ClientSocket | string> | null = null;
  #isClosed = false;

  constructor(libc: CommandLibc, fd: number, unsent: Uint8Array) {
    this.#libc = libc;
    this.#fd = fd;
    this.#unsent = unsent;
  }

  receiveSoon(): Uint8Array | string | null {
    if (this.#unsent.length > 0 || this.#later !== null || this.#isClosed) return null;
    const now = performance.now();
    this.#deadline ??= now + SOON_MS;
    const left = Math.ceil(this.#deadline - now);
    // struct pollfd: the descriptor, then 16 bits each of what is asked for and what is there.
    const awaited = new Int32Array(2);
    awaited[0] = this.#fd;
    awaited[1] = POLLIN;
    // That a signal has come in between ends it as well: somebody may want to hear of it.
    if (left <= 0 || this.#libc.poll(awaited, 1, left) <= 0) return null;
    const room = new Uint8Array(this.#room);
    const count = Number(this.#libc.recv(this.#fd, room, room.length, 0));
    if (count < 0) return errnoOf(this.#libc);
    if (count === room.length) this.#room = MORE_ROOM;
    return room.subarray(0, count);
  }

  async receive(): Promise<Uint8Array | string> {
    if (this.#isClosed) return NOTHING;
    this.#later ??= connectThroughRuntime({ fd: this.#fd }, this.#unsent);
    const later = await this.#later;
    return typeof later === "string" ? later : await later.receive();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#later === null) this.#libc.close(this.#fd);
    else void this.#later.then((later) => typeof later === "string" || later.close());
  }
}

const NOTHING = new Uint8Array();

async function connectThroughRuntime(
  to: { unix: string } | { fd: number },
  bytes: Uint8Array,
): Promise<ClientSocket | string> {
  const { connectRuntimeSocket } = require("./runtime-socket.ts") as typeof import("./runtime-socket.ts");
  return await connectRuntimeSocket(to, bytes);
}
