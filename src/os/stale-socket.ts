import { dlopen, ptr } from "bun:ffi";
import { lstatSync, unlinkSync } from "node:fs";
import { lastErrno } from "./last-errno.ts";
import type { SocketAddress } from "./socket-address.ts";

const libc = dlopen("libc.so.6", {
  // int socket(int domain, int type, int protocol);
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // int close(int fd);
  close: { args: ["i32"], returns: "i32" },
} as const);

const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

/**
 * Removes the file of a Unix socket that a process has left which is gone. `type`: of the socket that is to take its
 * place. null, or why it stays, as a clause.
 */
export function removeStaleSocket(path: string, address: SocketAddress, type: number): string | null {
  try {
    if (!lstatSync(path).isSocket()) return "there is something else of that name, want a socket or nothing";
    const state = probe(address, type);
    if (state === "served") return "somebody else listens there (EADDRINUSE)";
    if (state !== "stale") return `it cannot be told whether somebody else listens there: ${state}`;
    unlinkSync(path);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** Whether somebody has the socket open: "served", "stale", or the errno that says neither. */
function probe(address: SocketAddress, type: number): string {
  const fd = libc.symbols.socket(address.family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return lastErrno();
  const isConnected = libc.symbols.connect(fd, ptr(address.bytes), address.bytes.length) === 0;
  const errno = isConnected ? null : lastErrno();
  libc.symbols.close(fd);
  if (errno === "ECONNREFUSED") return "stale";
  // A full queue, or a socket of the other type, has an owner too.
  return errno === null || errno === "EAGAIN" || errno === "EPROTOTYPE" ? "served" : errno;
}
