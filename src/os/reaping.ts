import { dlopen, ptr } from "bun:ffi";
import type { Exit } from "../core/exit.ts";
import { signalNameOf } from "../core/signal-names.ts";

const libc = dlopen("libc.so.6", {
  // int waitid(idtype_t idtype, id_t id, siginfo_t *infop, int options);
  waitid: { args: ["i32", "u32", "ptr", "i32"], returns: "i32" },
} as const);

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
}

// siginfo_t as waitid(2) fills it: si_code at 8, si_pid at 16, si_status at 24; 128 bytes, the same on x86-64 and aarch64.
const info = new DataView(new ArrayBuffer(128));
const infoPointer = ptr(info);

/** Some child that has ended, without reaping it; null if there is none. */
export function peekEndedChild(): EndedChild | null {
  info.setInt32(16, 0, true);
  const status = libc.symbols.waitid(P_ALL, 0, infoPointer, WEXITED | WNOHANG | WNOWAIT);
  const pid = info.getInt32(16, true);
  return status !== 0 || pid === 0 ? null : { pid, exit: decodeExit(info) };
}

/** Takes the ended child away; from now on its number may be given to another process. */
export function reapChild(pid: number): void {
  libc.symbols.waitid(P_PID, pid, infoPointer, WEXITED | WNOHANG);
}

function decodeExit(siginfo: DataView): Exit {
  const code = siginfo.getInt32(8, true);
  const status = siginfo.getInt32(24, true);
  if (code === CLD_EXITED) return { tag: "code", code: status };
  return { tag: "signal", signal: signalNameOf(status), dumped: code === CLD_DUMPED };
}
