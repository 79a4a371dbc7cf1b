/*
 * Datagrams with the credentials of their senders and the descriptors that they bring along: unix(7), cmsg(3). The kernel
 * vouches for the credentials, also those of a sender that has ended meanwhile.
 */
import { FFIType, dlopen, ptr } from "bun:ffi";
import { chmodSync } from "node:fs";
import { type Sender, decodeAncillary } from "./ancillary-data.ts";
import { lastErrno } from "./last-errno.ts";
import { closeFd } from "./signalling.ts";
import { encodeAddress } from "./unix-datagram.ts";

const libc = dlopen("libc.so.6", {
  // int socket(int domain, int type, int protocol);
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen);
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  // int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // ssize_t recvmsg(int sockfd, struct msghdr *msg, int flags);
  recvmsg: { args: ["i32", "ptr", "i32"], returns: FFIType.i64_fast },
} as const);

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const MSG_PEEK = 0x2;
const MSG_CTRUNC = 0x8;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** sizeof(sun_path) less the NUL at its end. */
export const MOST_ADDRESS_BYTES = 107;
/** Longer datagrams are refused, as systemd does. */
const MOST_DATAGRAM_BYTES = 4096;
// SCM_MAX_FD of the kernel is 253: what may come takes 1064 bytes.
const CONTROL_BYTES = 2048;

export type NotifySocketResult =
  { readonly tag: "open"; readonly fd: number } | { readonly tag: "failed"; readonly errno: string };

/**
 * A datagram socket bound to a path, which must be free, or with "@" in front to an abstract name; non-blocking and
 * close-on-exec. `mode` says who may send to a path: those who may write it.
 */
export function openNotifySocket(address: string, mode: number): NotifySocketResult {
  const encoded = encodeAddress(address);
  const fd = libc.symbols.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return { tag: "failed", errno: lastErrno() };
  const one = new Int32Array([1]);
  // Before it is bound: a datagram from before would come without credentials.
  const isReady =
    libc.symbols.setsockopt(fd, SOL_SOCKET, SO_PASSCRED, ptr(one), 4) === 0 &&
    libc.symbols.bind(fd, ptr(encoded), encoded.length) === 0;
  if (!isReady) return closeAnd(fd, lastErrno());
  try {
    if (!address.startsWith("@")) chmodSync(address, mode);
  } catch (error) {
    return closeAnd(fd, (error as NodeJS.ErrnoException).code ?? String(error));
  }
  return { tag: "open", fd };
}

export type ReceiveResult =
  /** The descriptors, close-on-exec, belong to the caller. */
  | {
      readonly tag: "received";
      readonly sender: Sender;
      readonly bytes: Uint8Array;
      readonly descriptors: readonly number[];
    }
  /** It did not come in whole, and what came of it has been closed. */
  | { readonly tag: "cut"; readonly sender: Sender; readonly what: "text" | "descriptors" }
  /** Nothing there now. */
  | { readonly tag: "empty" }
  | { readonly tag: "failed"; readonly errno: string };

/**
 * Receives from any number of sockets, with one buffer. What is received stays the first of its socket until it is dismissed:
 * should this process die before it has dealt with it, whoever inherits the socket receives it again.
 */
export class NotifyReceiver {
  readonly #text = new Uint8Array(MOST_DATAGRAM_BYTES);
  readonly #control = new Uint8Array(CONTROL_BYTES);
  readonly #controlWords = new DataView(this.#control.buffer);
  // struct iovec: base, length.
  readonly #vector = new BigUint64Array([BigInt(ptr(this.#text)), BigInt(MOST_DATAGRAM_BYTES)]);
  /** Takes nothing along: what comes with a datagram is given up with it. */
  readonly #bareMessage = new BigUint64Array(7);
  readonly #bareAddress = ptr(this.#bareMessage);
  // struct msghdr: name, its length, iovec, their count, control, its length, flags; 56 bytes.
  readonly #message = new BigUint64Array(7);
  readonly #address = ptr(this.#message);

  receive(fd: number): ReceiveResult {
    this.#message.set([0n, 0n, BigInt(ptr(this.#vector)), 1n, BigInt(ptr(this.#control)), BigInt(CONTROL_BYTES), 0n]);
    const length = Number(libc.symbols.recvmsg(fd, this.#address, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (length < 0) {
      const errno = lastErrno();
      return errno === "EAGAIN" || errno === "EINTR" ? { tag: "empty" } : { tag: "failed", errno };
    }
    const { sender, descriptors } = decodeAncillary(this.#controlWords, Number(this.#message[5]));
    const flags = Number(this.#message[6]);
    if ((flags & (MSG_TRUNC | MSG_CTRUNC)) !== 0) {
      for (const descriptor of descriptors) closeFd(descriptor);
      return { tag: "cut", sender, what: (flags & MSG_TRUNC) === 0 ? "descriptors" : "text" };
    }
    return { tag: "received", sender, bytes: this.#text.slice(0, length), descriptors };
  }

  /** Takes the first datagram of the socket away. */
  dismiss(fd: number): void {
    this.#bareMessage.set([0n, 0n, BigInt(ptr(this.#vector)), 1n, 0n, 0n, 0n]);
    libc.symbols.recvmsg(fd, this.#bareAddress, MSG_DONTWAIT);
  }
}

function closeAnd(fd: number, errno: string): NotifySocketResult {
  closeFd(fd);
  return { tag: "failed", errno };
}
