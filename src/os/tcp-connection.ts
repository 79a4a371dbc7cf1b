/*
 * Outgoing TCP connections that never block. Plain system calls rather than the runtime's sockets: a connection of theirs
 * that is still pending cannot be called off, or costs ten megabytes to be able to.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { openWritableWatch } from "./epoll.ts";
import { errnoNameOf } from "./errno-names.ts";
import { lastErrno } from "./last-errno.ts";
import { encodeSocketAddress } from "./socket-address.ts";

const libc = dlopen("libc.so.6", {
  // int socket(int domain, int type, int protocol);
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // int getsockopt(int sockfd, int level, int optname, void *optval, socklen_t *optlen);
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  // ssize_t send(int sockfd, const void *buf, size_t len, int flags);
  send: { args: ["i32", "ptr", "u64", "i32"], returns: FFIType.i64_fast },
} as const);

const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const MSG_NOSIGNAL = 0x4000;

export type ConnectResult =
  /** `decided`: a descriptor that is readable when the outcome is there, to be closed as well; null: it is connected. */
  | { readonly tag: "begun"; readonly fd: number; readonly decided: number | null }
  | { readonly tag: "failed"; readonly errno: string };

/** Begins to connect to an IPv4 or IPv6 address. Descriptors are close-on-exec and the caller's to close. */
export function connectTcp(address: string, port: number): ConnectResult {
  const encoded = encodeSocketAddress({ tag: "tcp", host: address, port });
  if (typeof encoded === "string") return { tag: "failed", errno: "EINVAL" };
  const fd = libc.symbols.socket(encoded.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return { tag: "failed", errno: lastErrno() };
  if (libc.symbols.connect(fd, ptr(encoded.bytes), encoded.bytes.length) === 0)
    return { tag: "begun", fd, decided: null };
  const errno = lastErrno();
  const watch = errno === "EINPROGRESS" ? openWritableWatch(fd) : ({ tag: "failed", errno } as const);
  if (watch.tag === "ok") return { tag: "begun", fd, decided: watch.fd };
  closeSync(fd);
  return watch;
}

/** What has become of a connection that was pending: null if it is there, else the name of an errno. */
export function takeConnectError(fd: number): string | null {
  const [error, size] = [new Int32Array(1), new Uint32Array([4])];
  if (libc.symbols.getsockopt(fd, SOL_SOCKET, SO_ERROR, ptr(error), ptr(size)) !== 0) return lastErrno();
  return error[0] === 0 ? null : errnoNameOf(error[0] ?? 0);
}

/** Sends some kilobytes over a connection that nothing has been sent over yet. null, or the name of an errno. */
export function sendFirst(fd: number, bytes: Uint8Array): string | null {
  const count = Number(libc.symbols.send(fd, ptr(bytes), bytes.length, MSG_NOSIGNAL));
  if (count < 0) return lastErrno();
  return count === bytes.length ? null : "EMSGSIZE";
}
