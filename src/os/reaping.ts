import { dlopen, FFIType, ptr } from "bun:ffi";
import type { Exit } from "../core/exit.ts";
import { signalNameOf } from "../core/signal-names.ts";

const libc = dlopen("libc.so.6", {
  // int waitid(idtype_t idtype, id_t id, siginfo_t *infop, int options);
  waitid: { args: ["i32", "u32", "ptr", "i32"], returns: "i32" },
  // long syscall(SYS_waitid, int idtype, id_t id, siginfo_t *infop, int options, struct rusage *ru);
  syscall: { args: ["i64", "i32", "u32", "ptr", "i32", "ptr"], returns: FFIType.i64_fast },
} as const);

/** The system call has a last argument that the function of the library lacks. */
const SYS_WAITID = process.arch === "x64" ? 247 : 95;

const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;

const CLD_EXITED = 1;
const CLD_DUMPED = 3;

/** A child that has ended and has not been reaped: its number is still its own. */
export interface EndedChild {
  readonly pid: number;
  readonly exit: Exit;
  readonly usage: EndedUsage;
}

/** What the child and those of its own children that it has waited for have used: struct rusage of getrusage(2). */
export interface EndedUsage {
  readonly userMs: number;
  readonly systemMs: number;
  /** In bytes. Never less than what the process that spawned it had needed by then: an exec hands that on. */
  readonly peakRss: number;
}

// siginfo_t as waitid(2) fills it: si_code at 8, si_pid at 16, si_status at 24; 128 bytes, the same on x86-64 and aarch64.
const info = new DataView(new ArrayBuffer(128));
const infoPointer = ptr(info);

// struct rusage: ru_utime at 0, ru_stime at 16 (each seconds and microseconds), ru_maxrss in KiB at 32; 64-bit numbers, 144 bytes.
const rusage = new DataView(new ArrayBuffer(144));
const rusagePointer = ptr(rusage);

/** Some child that has ended, without reaping it; null if there is none. */
export function peekEndedChild(): EndedChild | null {
  return peek(P_ALL, 0);
}

/** The same of this child alone; null if it has not ended, or is no child. */
export function peekChild(pid: number): EndedChild | null {
  return peek(P_PID, pid);
}

function peek(kind: number, id: number): EndedChild | null {
  info.setInt32(16, 0, true);
  const status = libc.symbols.syscall(SYS_WAITID, kind, id, infoPointer, WEXITED | WNOHANG | WNOWAIT, rusagePointer);
  const pid = info.getInt32(16, true);
  return status !== 0 || pid === 0 ? null : { pid, exit: decodeExit(info), usage: decodeUsage() };
}

/** Takes the ended child away; from now on its number may be given to another process. */
export function reapChild(pid: number): void {
  libc.symbols.waitid(P_PID, pid, infoPointer, WEXITED | WNOHANG);
}

function decodeUsage(): EndedUsage {
  return { userMs: millisAt(0), systemMs: millisAt(16), peakRss: numberAt(32) * 1024 };
}

function millisAt(at: number): number {
  return numberAt(at) * 1000 + numberAt(at + 8) / 1000;
}

function numberAt(at: number): number {
  return rusage.getUint32(at, true) + rusage.getInt32(at + 4, true) * 2 ** 32;
}

function decodeExit(siginfo: DataView): Exit {
  const code = siginfo.getInt32(8, true);
  const status = siginfo.getInt32(24, true);
  if (code === CLD_EXITED) return { tag: "code", code: status };
  return { tag: "signal", signal: signalNameOf(status), dumped: code === CLD_DUMPED };
}
