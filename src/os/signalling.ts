import { FFIType, dlopen } from "bun:ffi";
import { lastErrno } from "./last-errno.ts";
import { hasRoomAbove } from "./pipe-io.ts";
import { releaseSpareDescriptors } from "./spare-descriptors.ts";

const libc = dlopen("libc.so.6", {
  // long syscall(long number, ...);  pidfd_open(2): pid, flags; pidfd_send_signal(2): pidfd, sig, info, flags
  // All of them are small numbers or null, so that none has to become a big integer on its way.
  syscall: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: FFIType.i64_fast },
  // int kill(pid_t pid, int sig);
  kill: { args: ["i32", "i32"], returns: "i32" },
  // int close(int fd);
  close: { args: ["i32"], returns: "i32" },
} as const);

// The same numbers on every architecture.
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;

export type SignalResult =
  { readonly tag: "sent" } | { readonly tag: "gone" } | { readonly tag: "failed"; readonly errno: string };

/** So many descriptors are left to others by those that are held for long. */
const LEFT_TO_OTHERS = 8;

/**
 * A descriptor (close-on-exec) that stands for this very process, whatever becomes of its number; null if there is none, or if the
 * last ones would be taken. One that is closed again at once (`isBrief`) may be one of those.
 */
export function openPidfd(pid: number, isBrief = false): number | null {
  const open = (): number => Number(libc.symbols.syscall(SYS_PIDFD_OPEN, pid, 0, null, 0));
  let fd = open();
  if (fd < 0 && isBrief && lastErrno() === "EMFILE" && releaseSpareDescriptors()) fd = open();
  if (fd < 0 || isBrief || hasRoomAbove(fd, LEFT_TO_OTHERS)) return fd < 0 ? null : fd;
  closeFd(fd);
  return null;
}

export function signalPidfd(pidfd: number, signal: number): SignalResult {
  return resultOf(Number(libc.symbols.syscall(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, null, 0)));
}

/** Signals every member of a process group. The caller makes sure that the number still is the group's. Throws RangeError for
 * a number that is no group's, but stands for this process's own (0) or for whatever can be signalled (1; kill(2)).
 */
export function signalGroup(group: number, signal: number): SignalResult {
  if (group <= 1) throw new RangeError(`cannot signal group ${group}: it stands for more than one group`);
  return resultOf(libc.symbols.kill(-group, signal));
}

export function closeFd(fd: number): void {
  libc.symbols.close(fd);
}

function resultOf(status: number): SignalResult {
  if (status === 0) return { tag: "sent" };
  const errno = lastErrno();
  return errno === "ESRCH" ? { tag: "gone" } : { tag: "failed", errno };
}
