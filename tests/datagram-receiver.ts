import { dlopen } from "bun:ffi";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;

const libc = dlopen("libc.so.6", {
  // int socket(int domain, int type, int protocol);
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // ssize_t recv(int sockfd, void *buf, size_t len, int flags);
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  // int close(int fd);
  close: { args: ["i32"], returns: "i32" },
} as const);

/** A datagram socket at a path, such as a syslog daemon has; it reads only when it is told to. */
export class DatagramReceiver implements Disposable {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = libc.symbols.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const text = new TextEncoder().encode(path);
    const address = new Uint8Array(2 + text.length + 1);
    address[0] = AF_UNIX;
    address.set(text, 2);
    if (libc.symbols.bind(this.#fd, address, address.length) !== 0) throw new Error(`cannot bind "${path}"`);
  }

  /** The next datagram; null if there is none. */
  read(): Uint8Array | null {
    const buffer = new Uint8Array(65_536);
    const count = Number(libc.symbols.recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT));
    return count < 0 ? null : buffer.slice(0, count);
  }

  [Symbol.dispose](): void {
    libc.symbols.close(this.#fd);
  }
}
