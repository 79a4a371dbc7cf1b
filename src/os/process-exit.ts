import { FFIType, dlopen, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import type { Exit } from "../core/exit.ts";
import { signalNameOf } from "../core/signal-names.ts";
import { signalPidfd } from "./signalling.ts";

const libc = dlopen("libc.so.6", {
  // int ioctl(int fd, unsigned long request, ...);
  ioctl: { args: ["i32", FFIType.u64_fast, "ptr"], returns: "i32" },
} as const);

/** _IOWR(0xFF, 11, 64 bytes), the same on both of our architectures. */
const PIDFD_GET_INFO = 0xc040ff0b;
const PIDFD_INFO_EXIT = 8;

// struct pidfd_info: 64-bit mask at 0, exit code as waitpid(2) shows it at 60; 64 bytes in its first version.
const info = new DataView(new ArrayBuffer(64));
const infoPointer = ptr(info);

/**
 * How a process ended that was no child here, by a descriptor that was opened while it lived. Any kernel tells as long as
 * its parent has not reaped it, newer ones (from 6.15 on) also after that. null: it has not ended, or that cannot be told any more.
 */
export function readProcessExit(pid: number, pidfd: number): Exit | null {
  // As long as the descriptor stands for a process, the number is still its own.
  return (signalPidfd(pidfd, 0).tag === "gone" ? null : readUnreapedExit(pid)) ?? readReapedExit(pidfd);
}

/** How this process ended, which its parent has not reaped yet; null: it has not, or it may not be seen. */
export function readUnreapedExit(pid: number): Exit | null {
  const text = readStat(pid);
  // Behind the name, which may contain anything, the state is the first word and the status the last.
  const words = text
    .slice(text.lastIndexOf(")") + 1)
    .trim()
    .split(" ");
  return words[0] === "Z" ? exitOf(Number(words.at(-1))) : null;
}

function readReapedExit(pidfd: number): Exit | null {
  info.setBigUint64(0, BigInt(PIDFD_INFO_EXIT), true);
  if (libc.symbols.ioctl(pidfd, PIDFD_GET_INFO, infoPointer) !== 0) return null;
  return (info.getUint32(0, true) & PIDFD_INFO_EXIT) === 0 ? null : exitOf(info.getInt32(60, true));
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return "";
  }
}

/** `status`: as waitpid(2) shows it. */
function exitOf(status: number): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { tag: "code", code: (status >> 8) & 0xff };
  return { tag: "signal", signal: signalNameOf(signal), dumped: (status & 0x80) !== 0 };
}
