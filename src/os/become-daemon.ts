/*
 * The steps of becoming a daemon that come after the forks and the exec (daemon(7)): one function a step, in the order in
 * which the composition root calls them. setsid, the second fork and the closing of descriptors have happened before the
 * exec, in native code, because JavaScript must not run in a forked child.
 */
import { dlopen, ptr } from "bun:ffi";
import { closeSync, openSync } from "node:fs";
import { SIGNAL_NUMBERS, type SignalName } from "../core/signal-names.ts";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int dup2(int oldfd, int newfd);
  dup2: { args: ["i32", "i32"], returns: "i32" },
  // int prctl(int option, unsigned long, unsigned long, unsigned long, unsigned long);
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  // int setgroups(size_t size, const gid_t *list);  initgroups(3) does the same from the user database
  initgroups: { args: ["cstring", "u32"], returns: "i32" },
  // int setresgid(gid_t rgid, gid_t egid, gid_t sgid);
  setresgid: { args: ["u32", "u32", "u32"], returns: "i32" },
  // sighandler_t signal(int signum, sighandler_t handler);  with one of the two handlers that are small numbers
  signal: { args: ["i32", "u64"], returns: "u64" },
  // int sigprocmask(int how, const sigset_t *set, sigset_t *oldset);
  sigprocmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  // int setresuid(uid_t ruid, uid_t euid, uid_t suid);
  setresuid: { args: ["u32", "u32", "u32"], returns: "i32" },
} as const);

const PR_SET_PDEATHSIG = 1;
const PR_SET_NAME = 15;
const PR_SET_CHILD_SUBREAPER = 36;
const SIG_IGN = 1;
const SIG_SETMASK = 2;
/** Of a sigset_t. */
const SET_BYTES = 128;

/** So that no file system is kept busy and relative paths mean the same everywhere. */
export function enterRootDirectory(): void {
  process.chdir("/");
}

/** Every file made from here on names its mode itself. */
export function clearUmask(): void {
  process.umask(0);
}

/** Puts /dev/null on 0 and 1, and `messages` on 2, where even a crash of the runtime is seen. */
export function redirectStandardStreams(messages: number): void {
  const nothing = openSync("/dev/null", "r+");
  libc.symbols.dup2(nothing, 0);
  libc.symbols.dup2(nothing, 1);
  libc.symbols.dup2(messages, 2);
  if (nothing > 2) closeSync(nothing);
}

/** Puts /dev/null on 2 as well: nobody listens any more. It is on 1 already, so this takes no descriptor, of which there may be none. */
export function silenceStandardError(): void {
  libc.symbols.dup2(1, 2);
}

/** What ps and top show: an exec of /proc/self/exe leaves "exe" there. At most 15 bytes count. */
export function nameProcess(name: string): void {
  const text = Buffer.from(`${name}\0`);
  libc.symbols.prctl(PR_SET_NAME, ptr(text), 0, 0, 0);
}

/** From now on orphaned descendants are re-parented to this process instead of pid 1; false if the kernel will not. */
export function becomeSubreaper(): boolean {
  return libc.symbols.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) === 0;
}

/**
 * From now on the end of the parent is a SIGCHLD here; false if it has ended already. To be called once the user is the one that
 * this process stays, as the kernel forgets it with another.
 */
export function hearEndOfParent(parent: number): boolean {
  libc.symbols.prctl(PR_SET_PDEATHSIG, SIGNAL_NUMBERS.SIGCHLD, 0, 0, 0);
  return process.ppid === parent;
}

/** Ignored in the daemon itself; every service gets the default back. */
export function ignoreSignals(names: readonly SignalName[]): void {
  for (const name of names) libc.symbols.signal(SIGNAL_NUMBERS[name], SIG_IGN);
}

/** Opens the mask of the main thread, for all signals that are not glibc's own: what was blocked over the exec is delivered to the handlers now. */
export function unblockSignals(): void {
  libc.symbols.sigprocmask(SIG_SETMASK, ptr(new Uint8Array(SET_BYTES)), null);
}

/** Gives up root for good. Returns null, or the call that failed and its errno. */
export function dropPrivileges(user: {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}): string | null {
  if (libc.symbols.initgroups(user.name, user.gid) !== 0) return `initgroups failed: ${lastErrno()}`;
  if (libc.symbols.setresgid(user.gid, user.gid, user.gid) !== 0) return `setresgid failed: ${lastErrno()}`;
  if (libc.symbols.setresuid(user.uid, user.uid, user.uid) !== 0) return `setresuid failed: ${lastErrno()}`;
  return null;
}

/** true if this process has a controlling terminal. */
export function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
