/*
 * Sockets that are made here and served by others: whoever is passed one takes connections or datagrams from it.
 *
 * What an operator can rely on: an address means itself and nothing else ("[::]:80" is IPv6 alone, so that "0.0.0.0:80"
 * can stand beside it); a TCP address can be had again at once after its last user (SO_REUSEADDR), a UDP one is never
 * shared by accident (for UDP the same option would allow just that); nobody reaches a Unix socket before it has its
 * owner and mode; and sockets block, as systemd passes them: a program that wants another mode sets it itself.
 */
import { dlopen, ptr } from "bun:ffi";
import type { ListenAddress } from "../core/life-policies.ts";
import { addressTextOf, isUnixAddress } from "../core/listen-address.ts";
import { unreachable } from "../core/unreachable.ts";
import { lastErrno } from "./last-errno.ts";
import { AF_INET6, type SocketAddress, encodeSocketAddress } from "./socket-address.ts";
import { removeStaleSocket } from "./stale-socket.ts";
import {
  type FileAccess,
  type SocketFile,
  findNewSocketFile,
  giveAccess,
  removeSocketFile,
} from "./unix-socket-file.ts";

const libc = dlopen("libc.so.6", {
  // int socket(int domain, int type, int protocol);
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen);
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  // int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // int listen(int sockfd, int backlog);
  listen: { args: ["i32", "i32"], returns: "i32" },
  // int fchmod(int fd, mode_t mode);
  fchmod: { args: ["i32", "u32"], returns: "i32" },
  // int fcntl(int fd, int cmd, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int shutdown(int sockfd, int how);
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  // int close(int fd);
  close: { args: ["i32"], returns: "i32" },
} as const);

const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const SHUT_RDWR = 2;
const F_DUPFD_CLOEXEC = 1030;
const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;

/** What is to be opened; owner and group as numbers. */
export interface ListenRequest extends FileAccess {
  readonly listen: ListenAddress;
  readonly backlog: number;
  readonly reusePort: boolean;
}

/** Close-on-exec. Belongs to whoever opened it, until `closeListeningSocket`. */
export interface ListeningSocket {
  readonly fd: number;
  /** null: no Unix socket. */
  readonly file: SocketFile | null;
}

export type ListenResult =
  { readonly tag: "opened"; readonly socket: ListeningSocket } | { readonly tag: "failed"; readonly message: string };

/** Opens the socket; connections and datagrams wait in it from then on. Messages name the address. */
export function openListeningSocket(request: ListenRequest): ListenResult {
  const opened = open(request);
  if (typeof opened !== "string") return { tag: "opened", socket: opened };
  return { tag: "failed", message: `cannot listen on "${addressTextOf(request.listen)}": ${opened}` };
}

/** Changes what can be changed while it is open: backlog, mode, owner, group. null, or a message. */
export function adjustListeningSocket(socket: ListeningSocket, request: ListenRequest): string | null {
  const problem = takeConnections(socket.fd, request) ?? (socket.file && giveAccess(socket.file, request));
  return problem === null ? null : `cannot change "${addressTextOf(request.listen)}": ${problem}`;
}

/** Lets it block again, whatever the last program that it was passed to has made of it. */
export function makeBlocking(socket: ListeningSocket): void {
  const flags = libc.symbols.fcntl(socket.fd, F_GETFL, 0);
  if (flags >= 0 && (flags & O_NONBLOCK) !== 0) libc.symbols.fcntl(socket.fd, F_SETFL, flags & ~O_NONBLOCK);
}

/** For this process itself, which takes connections from it: it must not wait in there for one that is gone again. */
export function makeNonBlocking(fd: number): void {
  libc.symbols.fcntl(fd, F_SETFL, libc.symbols.fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
}

/** Another descriptor of the same socket, close-on-exec, which the caller closes; the name of an errno if there is none. */
export function duplicateSocket(fd: number): number | string {
  const duplicate = libc.symbols.fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return duplicate < 0 ? lastErrno() : duplicate;
}

/** Closes it, and removes its file if that still is its own. Nobody reaches the programs that were passed it by it any more. */
export function closeListeningSocket(socket: ListeningSocket): void {
  if (socket.file !== null) removeSocketFile(socket.file);
  // Whoever still holds a duplicate, as the guardian does for a moment, would have it listen, and reset who connects meanwhile.
  libc.symbols.shutdown(socket.fd, SHUT_RDWR);
  libc.symbols.close(socket.fd);
}

/** The socket, or what is wrong, as a clause. */
function open(request: ListenRequest): ListeningSocket | string {
  const address = encodeSocketAddress(request.listen);
  if (typeof address === "string") return address;
  const fd = libc.symbols.socket(address.family, typeOf(request.listen) | SOCK_CLOEXEC, 0);
  if (fd < 0) return lastErrno();
  const opened = prepare(fd, address, request);
  if (typeof opened === "string") libc.symbols.close(fd);
  return opened;
}

function prepare(fd: number, address: SocketAddress, request: ListenRequest): ListeningSocket | string {
  const { listen } = request;
  const problem = setOptions(fd, address, request) ?? bind(fd, address, listen);
  if (problem !== null) return problem;
  const file = isUnixAddress(listen) ? findNewSocketFile(listen.path) : null;
  if (typeof file === "string") return file;
  const later = (file && giveAccess(file, request)) ?? takeConnections(fd, request);
  if (later === null) return { fd, file };
  if (file !== null) removeSocketFile(file);
  return later;
}

function setOptions(fd: number, address: SocketAddress, { listen, reusePort }: ListenRequest): string | null {
  if (isUnixAddress(listen)) {
    // Its file is made with this mode, less the umask, which belongs to all threads and is left alone therefore.
    return libc.symbols.fchmod(fd, 0) === 0 ? null : lastErrno();
  }
  const isStream = listen.tag === "tcp";
  return (
    (isStream ? setOption(fd, SOL_SOCKET, SO_REUSEADDR) : null) ??
    (reusePort ? setOption(fd, SOL_SOCKET, SO_REUSEPORT) : null) ??
    (address.family === AF_INET6 ? setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY) : null)
  );
}

function setOption(fd: number, level: number, option: number): string | null {
  const on = new Int32Array([1]);
  return libc.symbols.setsockopt(fd, level, option, ptr(on), 4) === 0 ? null : lastErrno();
}

function bind(fd: number, address: SocketAddress, listen: ListenAddress): string | null {
  const attempt = (): string | null =>
    libc.symbols.bind(fd, ptr(address.bytes), address.bytes.length) === 0 ? null : lastErrno();
  const first = attempt();
  if (!isUnixAddress(listen)) return first === null ? null : portProblemOf(first, listen);
  if (first === "ENOENT") return "its directory does not exist";
  if (first !== "EADDRINUSE") return first;
  return removeStaleSocket(listen.path, address, typeOf(listen)) ?? attempt();
}

function portProblemOf(errno: string, listen: Extract<ListenAddress, { readonly port: number }>): string {
  switch (errno) {
    case "EADDRINUSE":
      return "somebody else listens there (EADDRINUSE)";
    case "EADDRNOTAVAIL":
      return "this machine does not have the address (EADDRNOTAVAIL)";
    case "EACCES":
      return `this user may not use port ${listen.port} (EACCES)`;
    default:
      return errno;
  }
}

/** Streams alone; may be called again with another backlog. */
function takeConnections(fd: number, { listen, backlog }: ListenRequest): string | null {
  if (typeOf(listen) !== SOCK_STREAM || libc.symbols.listen(fd, backlog) === 0) return null;
  const errno = lastErrno();
  return errno === "EADDRINUSE" ? "somebody else listens there (EADDRINUSE)" : errno;
}

function typeOf({ tag }: ListenAddress): number {
  switch (tag) {
    case "tcp":
    case "unix":
      return SOCK_STREAM;
    case "udp":
    case "unix-datagram":
      return SOCK_DGRAM;
    default:
      return unreachable(tag);
  }
}
