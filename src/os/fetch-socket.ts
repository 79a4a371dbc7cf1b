/* Sockets that nobody but a service has any more: supervisor and guardian, who held them, have died. */
import { FFIType, dlopen, ptr } from "bun:ffi";
import { lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import type { ListenAddress } from "../core/life-policies.ts";
import { isUnixAddress } from "../core/listen-address.ts";
import type { ListeningSocket } from "./listening-socket.ts";
import { encodeSocketAddress } from "./socket-address.ts";
import { closeFd, openPidfd } from "./signalling.ts";

const libc = dlopen("libc.so.6", {
  // long syscall(long number, ...);  pidfd_getfd(2): pidfd, targetfd, flags
  syscall: { args: ["i32", "i32", "i32", "u32"], returns: FFIType.i64_fast },
  // int getsockname(int sockfd, struct sockaddr *addr, socklen_t *addrlen);
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  // int getsockopt(int sockfd, int level, int optname, void *optval, socklen_t *optlen);
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
} as const);

/** The same number on every architecture. */
const SYS_PIDFD_GETFD = 438;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
/** sizeof(struct sockaddr_storage). */
const MOST_ADDRESS = 128;

/**
 * A duplicate of the socket on which the process listens at this address, close-on-exec. null: it has none, or may not be asked for it
 * (pidfd_getfd takes the rights of a debugger).
 */
export function fetchListeningSocket(pid: number, listen: ListenAddress): ListeningSocket | null {
  const wanted = encodeSocketAddress(listen);
  const pidfd = typeof wanted === "string" ? null : openPidfd(pid);
  if (typeof wanted === "string" || pidfd === null) return null;
  try {
    for (const number of socketsOf(pid)) {
      const fd = Number(libc.symbols.syscall(SYS_PIDFD_GETFD, pidfd, number, 0));
      if (fd < 0) continue;
      if (isListeningAt(fd, listen, wanted.bytes)) return { fd, file: fileOf(listen) };
      closeFd(fd);
    }
    return null;
  } finally {
    closeFd(pidfd);
  }
}

/** true: some process has a socket that was bound to this path, be the file still its own or not. */
export function isBoundPath(path: string): boolean {
  try {
    return readFileSync("/proc/net/unix", "utf8")
      .split("\n")
      .some((line) => line.endsWith(` ${path}`));
  } catch {
    return false;
  }
}

/** The numbers of the descriptors that are sockets, the lowest first: those that were passed. */
function socketsOf(pid: number): readonly number[] {
  try {
    const numbers = readdirSync(`/proc/${pid}/fd`).map(Number);
    return numbers.toSorted((one, other) => one - other).filter((number) => isSocket(`/proc/${pid}/fd/${number}`));
  } catch {
    return [];
  }
}

function isSocket(link: string): boolean {
  try {
    return readlinkSync(link).startsWith("socket:");
  } catch {
    return false;
  }
}

function isListeningAt(fd: number, listen: ListenAddress, wanted: Uint8Array): boolean {
  const isStream = listen.tag === "tcp" || listen.tag === "unix";
  if (optionOf(fd, SO_TYPE) !== (isStream ? SOCK_STREAM : SOCK_DGRAM)) return false;
  if (isStream && optionOf(fd, SO_ACCEPTCONN) !== 1) return false;
  const address = new Uint8Array(MOST_ADDRESS);
  const length = new Uint32Array([MOST_ADDRESS]);
  if (libc.symbols.getsockname(fd, ptr(address), ptr(length)) !== 0) return false;
  // What follows a path is zeros, as is what follows the address of a host.
  return address.subarray(wanted.length).every((byte) => byte === 0) && startsWith(address, wanted);
}

function startsWith(bytes: Uint8Array, beginning: Uint8Array): boolean {
  return beginning.every((byte, index) => bytes[index] === byte);
}

function optionOf(fd: number, option: number): number | null {
  const value = new Int32Array(1);
  const length = new Uint32Array([4]);
  return libc.symbols.getsockopt(fd, SOL_SOCKET, option, ptr(value), ptr(length)) === 0 ? (value[0] ?? null) : null;
}

function fileOf(listen: ListenAddress): ListeningSocket["file"] {
  if (!isUnixAddress(listen)) return null;
  const found = lstatSync(listen.path, { bigint: true, throwIfNoEntry: false });
  return found?.isSocket() === true ? { path: listen.path, device: found.dev, inode: found.ino } : null;
}
