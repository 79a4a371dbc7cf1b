/*
 * Whole packets between two processes, with descriptors: a pair of SOCK_SEQPACKET sockets, unix(7). What was sent is there
 * for the receiver, the descriptors included, also when the sender has died since.
 */
import { FFIType, dlopen, ptr } from "bun:ffi";
import { decodeAncillary, encodeDescriptors } from "./ancillary-data.ts";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int socketpair(int domain, int type, int protocol, int sv[2]);
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  // ssize_t sendmsg(int sockfd, const struct msghdr *msg, int flags);
  sendmsg: { args: ["i32", "ptr", "i32"], returns: FFIType.i64_fast },
  // ssize_t recvmsg(int sockfd, struct msghdr *msg, int flags);
  recvmsg: { args: ["i32", "ptr", "i32"], returns: FFIType.i64_fast },
} as const);

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** A longer packet is refused by its sender. Many of this length fit into the socket before the sender has to wait. */
export const MOST_PACKET_BYTES = 32 * 1024;
/** The kernel takes 253 (SCM_MAX_FD). */
export const MOST_PACKET_DESCRIPTORS = 200;
const CONTROL_BYTES = 1024;

/** Two ends, close-on-exec, that never block. Throws if there is no descriptor left. */
export function openPacketPair(): readonly [number, number] {
  const ends = new Int32Array(2);
  if (libc.symbols.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ptr(ends)) !== 0)
    throw new Error(`cannot make a pair of sockets: ${lastErrno()}`);
  return [ends[0] ?? -1, ends[1] ?? -1];
}

/** "full": the other end does not read fast enough. "gone": it is closed. "failed": this packet cannot be sent at all. */
export type SendOutcome = "sent" | "full" | "gone" | "failed";

export type PacketResult =
  /** The descriptors belong to the caller, and stay open over an exec. */
  | { readonly tag: "packet"; readonly bytes: Uint8Array; readonly descriptors: readonly number[] }
  /** Nothing there now. */
  | { readonly tag: "empty" }
  /** The other end is closed, and everything that came from it has been received. */
  | { readonly tag: "ended" };

/** Sends and receives packets, with one buffer for all of them. */
export class PacketSocket {
  readonly fd: number;
  readonly #bytes = new Uint8Array(MOST_PACKET_BYTES);
  readonly #control = new Uint8Array(CONTROL_BYTES);
  readonly #controlWords = new DataView(this.#control.buffer);
  // struct iovec: base, length.
  readonly #vector = new BigUint64Array([BigInt(ptr(this.#bytes)), 0n]);
  // struct msghdr: name, its length, iovec, their count, control, its length, flags; 56 bytes.
  readonly #message = new BigUint64Array(7);
  readonly #address = ptr(this.#message);

  constructor(fd: number) {
    this.fd = fd;
  }

  send(packet: Uint8Array, descriptors: readonly number[] = []): SendOutcome {
    if (packet.length > MOST_PACKET_BYTES || descriptors.length > MOST_PACKET_DESCRIPTORS)
      throw new RangeError(`internal error: a packet of ${packet.length} bytes, ${descriptors.length} descriptors`);
    this.#bytes.set(packet);
    const control = descriptors.length === 0 ? 0 : encodeDescriptors(this.#controlWords, descriptors);
    this.#describe(packet.length, control);
    if (Number(libc.symbols.sendmsg(this.fd, this.#address, MSG_DONTWAIT | MSG_NOSIGNAL)) >= 0) return "sent";
    switch (lastErrno()) {
      case "EAGAIN":
      case "EINTR":
      case "ENOBUFS":
      case "ENOMEM":
      // More descriptors are on their way than this user may have there.
      case "ETOOMANYREFS":
        return "full";
      case "EBADF":
        return "failed";
      default:
        return "gone";
    }
  }

  receive(): PacketResult {
    let length = this.#receive();
    // The other end was closed before everything sent there was read. That is said once, before what it has sent itself.
    if (length === "ECONNRESET") length = this.#receive();
    if (length === "EAGAIN" || length === "EINTR") return { tag: "empty" };
    if (typeof length === "string" || length === 0) return { tag: "ended" };
    const { descriptors } = decodeAncillary(this.#controlWords, Number(this.#message[5]));
    return { tag: "packet", bytes: this.#bytes.slice(0, length), descriptors };
  }

  /** The length of the next packet, 0 at the end, or the name of an errno. */
  #receive(): number | string {
    this.#describe(MOST_PACKET_BYTES, CONTROL_BYTES);
    const length = Number(libc.symbols.recvmsg(this.fd, this.#address, MSG_DONTWAIT));
    return length < 0 ? lastErrno() : length;
  }

  #describe(length: number, control: number): void {
    this.#vector[1] = BigInt(length);
    this.#message.set([0n, 0n, BigInt(ptr(this.#vector)), 1n, BigInt(ptr(this.#control)), BigInt(control), 0n]);
  }
}
