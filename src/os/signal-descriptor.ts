import { dlopen, ptr } from "bun:ffi";
import { readSync } from "node:fs";
import { SIGNAL_NUMBERS, type SignalName, signalNameOf } from "../core/signal-names.ts";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int signalfd(int fd, const sigset_t *mask, int flags);
  signalfd: { args: ["i32", "ptr", "i32"], returns: "i32" },
} as const);

const SFD_CLOEXEC = 0o2000000;
const SFD_NONBLOCK = 0o4000;
/** glibc's sigset_t. */
const SET_BYTES = 128;
/** struct signalfd_siginfo; its first 32 bits are the number of the signal. */
const INFO_BYTES = 128;
const MOST_AT_ONCE = 16;

/**
 * A descriptor, close-on-exec, that is readable while one of these signals is pending. They must be blocked in every thread, as
 * those are that this program keeps over an exec: nobody unblocks them then, and no handler of JavaScript runs. Throws without
 * descriptors.
 */
export function openSignalDescriptor(names: readonly SignalName[]): number {
  const set = new DataView(new ArrayBuffer(SET_BYTES));
  let mask = 0n;
  for (const name of names) mask |= 1n << BigInt(SIGNAL_NUMBERS[name] - 1);
  set.setBigUint64(0, mask, true);
  const fd = libc.symbols.signalfd(-1, ptr(set), SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) throw new Error(`cannot open a descriptor for signals: ${lastErrno()}`);
  return fd;
}

/** The signals that have come since the last call, in the order of the kernel; of those that wait, each is there once. */
export function takeSignals(fd: number): readonly string[] {
  const info = new DataView(new ArrayBuffer(INFO_BYTES * MOST_AT_ONCE));
  try {
    const count = readSync(fd, info, 0, info.byteLength, null) / INFO_BYTES;
    return Array.from({ length: count }, (_, index) => signalNameOf(info.getUint32(index * INFO_BYTES, true)));
  } catch {
    // EAGAIN: none has come.
    return [];
  }
}
