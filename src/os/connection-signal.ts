import { dlopen } from "bun:ffi";
import { SIGNAL_NUMBERS, type SignalName } from "../core/signal-names.ts";

const libc = dlopen("libc.so.6", {
  // int fcntl(int fd, int cmd, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
} as const);

const F_GETFL = 3;
const F_SETFL = 4;
const F_SETOWN = 8;
const F_SETSIG = 10;
const O_ASYNC = 0o20000;

/**
 * From now on this process is sent the signal whenever somebody connects to the socket: it has to handle it, or ignore it by
 * default. That belongs to the socket, not to the descriptor: whoever goes on with it asks for himself.
 */
export function signalConnections(fd: number, signal: SignalName): void {
  libc.symbols.fcntl(fd, F_SETOWN, process.pid);
  libc.symbols.fcntl(fd, F_SETSIG, SIGNAL_NUMBERS[signal]);
  libc.symbols.fcntl(fd, F_SETFL, libc.symbols.fcntl(fd, F_GETFL, 0) | O_ASYNC);
}
