import { dlopen, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import type { ListenAddress } from "../../src/core/life-policies.ts";
import { lastErrno } from "../../src/os/last-errno.ts";
import { type ListenRequest, type ListeningSocket, openListeningSocket } from "../../src/os/listening-socket.ts";
import { encodeSocketAddress } from "../../src/os/socket-address.ts";

const libc = dlopen("libc.so.6", {
  // int socket(int domain, int type, int protocol);
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // int getsockname(int sockfd, struct sockaddr *addr, socklen_t *addrlen);
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  // int getsockopt(int sockfd, int level, int optname, void *optval, socklen_t *optlen);
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  // int fcntl(int fd, int cmd, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int dup(int oldfd);
  dup: { args: ["i32"], returns: "i32" },
  // int close(int fd);
  close: { args: ["i32"], returns: "i32" },
} as const);

const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const SO_REUSEPORT = 15;
const F_SETFL = 4;

export const hasIpv6: boolean = readOrEmpty("/proc/net/if_inet6").includes("lo");

export const tcp = (host: string, port: number): ListenAddress => ({ tag: "tcp", host, port });

/** A request with a backlog of 128 and a mode of 0660, for nobody in particular. */
export function listenRequest(listen: ListenAddress, change: Partial<ListenRequest> = {}): ListenRequest {
  return { listen, backlog: 128, reusePort: false, mode: 0o660, uid: null, gid: null, ...change };
}

/** Throws if it cannot be opened. */
export function opened(request: ListenRequest): ListeningSocket {
  const result = openListeningSocket(request);
  if (result.tag === "failed") throw new Error(result.message);
  return result.socket;
}

/** The port that the kernel has chosen. */
export function portOf(fd: number): number {
  const address = new Uint8Array(28);
  libc.symbols.getsockname(fd, ptr(address), ptr(new Int32Array([28])));
  return new DataView(address.buffer).getUint16(2);
}

/** A connection (for datagrams: their direction): its descriptor, or the errno. It never waits. */
function connectTo(listen: ListenAddress): number | string {
  const address = encodeSocketAddress(listen);
  if (typeof address === "string") throw new Error(address);
  const type = listen.tag === "tcp" || listen.tag === "unix" ? 1 : 2;
  const fd = libc.symbols.socket(address.family, type | SOCK_CLOEXEC | (type === 2 ? SOCK_NONBLOCK : 0), 0);
  if (libc.symbols.connect(fd, ptr(address.bytes), address.bytes.length) === 0) return fd;
  const errno = lastErrno();
  libc.symbols.close(fd);
  return errno;
}

/** Connects and lets go again: "connected", or the errno. */
export function tryConnecting(listen: ListenAddress): string {
  const fd = connectTo(listen);
  if (typeof fd === "string") return fd;
  libc.symbols.close(fd);
  return "connected";
}

/** How many connections may wait in a TCP socket. */
export function backlogOf(fd: number): number {
  const info = new Uint32Array(64);
  libc.symbols.getsockopt(fd, IPPROTO_TCP, TCP_INFO, ptr(info), ptr(new Int32Array([256])));
  return info[7] ?? -1; // tcpi_sacked: for a listening socket, its backlog
}

export function mayShareItsPort(fd: number): boolean {
  const value = new Int32Array(1);
  libc.symbols.getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, ptr(value), ptr(new Int32Array([4])));
  return value[0] === 1;
}

/** The flags of a descriptor as open(2) names them: O_NONBLOCK is 04000, O_CLOEXEC 02000000. */
export function flagsOf(fd: number): number {
  return Number.parseInt(/^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "0", 8);
}

/** As a program does that it was passed to. */
export function setNonBlocking(fd: number): void {
  libc.symbols.fcntl(fd, F_SETFL, SOCK_NONBLOCK);
}

/** Another descriptor of the same socket until `use` has returned, as a program has that it was passed to. */
export function withDuplicate(fd: number, use: () => void): void {
  const duplicate = libc.symbols.dup(fd);
  try {
    use();
  } finally {
    libc.symbols.close(duplicate);
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
