import { dlopen } from "bun:ffi";
import { type Instant, later, type Millis, millis } from "../core/units.ts";
import { lastErrno } from "./last-errno.ts";

const RETRY_AFTER: Millis = millis(1000);

// sizeof(sun_path) less the NUL at its end, unix(7).
const PATH_LIMIT = 107;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/**
 * What send(2) says when there is no room for the moment; every other error means that the connection is of no use.
 * EAGAIN and EWOULDBLOCK are one number with two names.
 */
const FULL = ["EAGAIN", "EWOULDBLOCK", "ENOBUFS", "ENOMEM"];

const libc = dlopen("libc.so.6", {
  // int socket(int domain, int type, int protocol);
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // ssize_t send(int sockfd, const void *buf, size_t len, int flags);
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  // int close(int fd);
  close: { args: ["i32"], returns: "i32" },
} as const);

/**
 * What became of a datagram. "full": the daemon does not read fast enough, try again when the descriptor is writable.
 * "gone": nobody takes datagrams there at the moment.
 */
export type UnixDatagramOutcome = "sent" | "full" | "gone";

export type UnixDatagramResult =
  { readonly tag: "opened"; readonly datagram: UnixDatagram } | { readonly tag: "failed"; readonly message: string };

/**
 * Prepares to send datagrams to the socket at `path`, which need not exist yet: the connection is made by sending. A path
 * that begins with "@" names a socket in the abstract namespace of unix(7).
 */
export function openUnixDatagram(path: string): UnixDatagramResult {
  const bytes = new TextEncoder().encode(path);
  if (bytes.length > PATH_LIMIT || bytes.includes(0)) {
    return {
      tag: "failed",
      message: `cannot connect to "${path}": got ${bytes.length} bytes, want at most ${PATH_LIMIT}`,
    };
  }
  return { tag: "opened", datagram: new UnixDatagram(path) };
}

/**
 * A connection to a daemon's socket that never blocks. If the daemon goes away and comes back, it is connected again, with
 * at most one attempt a second.
 */
export class UnixDatagram {
  readonly #path: string;
  readonly #address: Uint8Array;
  #fd: number | null = null;
  #nextAttempt = -Infinity as Instant;
  #problem: string | null = null;

  constructor(path: string) {
    this.#path = path;
    this.#address = encodeAddress(path);
  }

  /** For waiting until it is writable, after "full"; null while there is no connection. Changes with each connection. */
  get fd(): number | null {
    return this.#fd;
  }

  /** Why nothing can be sent at the moment; null while it can, or if nobody has tried. */
  get problem(): string | null {
    return this.#problem;
  }

  send(bytes: Uint8Array, now: Instant): UnixDatagramOutcome {
    const outcome = this.#fd === null ? "gone" : this.#sendOn(this.#fd, bytes);
    if (outcome !== "gone" || now < this.#nextAttempt) return outcome;
    const fd = this.#connect(now);
    return fd === null ? "gone" : this.#sendOn(fd, bytes);
  }

  close(): void {
    if (this.#fd !== null) libc.symbols.close(this.#fd);
    this.#fd = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #connect(now: Instant): number | null {
    this.#nextAttempt = later(now, RETRY_AFTER);
    const fd = libc.symbols.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return this.#failed("open a socket for", lastErrno());
    const status = libc.symbols.connect(fd, this.#address, this.#address.length);
    if (status === 0) {
      this.#problem = null;
      this.#fd = fd;
      return fd;
    }
    const errno = lastErrno();
    libc.symbols.close(fd);
    return this.#failed("connect to", errno);
  }

  #sendOn(fd: number, bytes: Uint8Array): UnixDatagramOutcome {
    const count = libc.symbols.send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) return "sent";
    const errno = lastErrno();
    if (FULL.includes(errno)) return "full";
    this.close();
    this.#failed("send to", errno);
    return "gone";
  }

  #failed(verb: string, errno: string): null {
    this.#problem = `cannot ${verb} "${this.#path}": ${errno}`;
    return null;
  }
}

/** struct sockaddr_un, unix(7): the family in the byte order of the machine, then the path and a NUL, or a NUL and the name. */
export function encodeAddress(path: string): Uint8Array {
  const isAbstract = path.startsWith("@");
  const text = new TextEncoder().encode(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  const address = new Uint8Array(2 + text.length);
  new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
  address.set(text, 2);
  return address;
}
