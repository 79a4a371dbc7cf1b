import { dlopen, ptr } from "bun:ffi";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SpawnResult } from "../../src/os/spawn.ts";
import type { SpawnRequest } from "../../src/os/spawn-request.ts";

const libc = dlopen("libc.so.6", {
  // pid_t waitpid(pid_t pid, int *wstatus, int options);
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  // int poll(struct pollfd *fds, nfds_t nfds, int timeout);
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  // int fcntl(int fd, int op, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int pipe2(int pipefd[2], int flags);
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
} as const);

const F_SETFD = 2;

export const isRoot = process.geteuid?.() === 0;

/** A directory that is gone at the end of the scope. */
export function makeScratch(parent = tmpdir()): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(parent, "daemonsup-spawn-"));
  chmodSync(path, 0o755);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const EVERYTHING_USUAL: SpawnRequest = {
  path: "/bin/true",
  argv: ["true"],
  env: ["PATH=/usr/bin:/bin"],
  directory: "/",
  stdin: null,
  stdout: 1,
  stderr: 2,
  passed: [],
  umask: 0o022,
  nice: null,
  oomScoreAdjust: null,
  limits: [],
  noNewPrivileges: false,
  credentials: null,
  goesFirst: true,
  record: null,
};

export function requestOf(change: Partial<SpawnRequest>): SpawnRequest {
  return { ...EVERYTHING_USUAL, ...change };
}

/** A request for a program that is run with these arguments. */
export function commandOf(path: string, ...args: readonly string[]): Pick<SpawnRequest, "path" | "argv"> {
  return { path, argv: [path, ...args] };
}

export type Child = Exclude<SpawnResult, { readonly tag: "failed" }>;

/** Throws if it failed. */
export function expectChild(result: SpawnResult): Child {
  if (result.tag === "failed") throw new Error(`spawn failed: ${result.stage}: ${result.errno}`);
  return result;
}

/** Reaps a child and closes its pidfd: its exit code, or -n for signal n. Throws if it does not end. */
export function reap(child: { readonly pid: number; readonly pidfd: number }): number {
  const events = new Int32Array([child.pidfd, 1]);
  if (libc.symbols.poll(ptr(events), 1, 20_000) !== 1) throw new Error(`process ${child.pid} does not end`);
  const status = new Int32Array(1);
  if (libc.symbols.waitpid(child.pid, ptr(status), 1) !== child.pid)
    throw new Error(`process ${child.pid} cannot be reaped`);
  closeSync(child.pidfd);
  const word = status[0] ?? 0;
  return (word & 0x7f) === 0 ? word >> 8 : -(word & 0x7f);
}

/** true if there is no such child of ours, not even one that has ended. */
export function isReaped(pid: number): boolean {
  return libc.symbols.waitpid(pid, null, 1) === -1;
}

/** Runs a program to its end with descriptor 1 on a file; what it wrote. Throws unless it exits 0. */
export function outputOf(spawn: (request: SpawnRequest) => SpawnResult, change: Partial<SpawnRequest>): string {
  using scratch = makeScratch();
  const path = join(scratch.path, "out");
  const fd = openSync(path, "w");
  const result = spawn(requestOf({ stdout: fd, ...change }));
  closeSync(fd);
  const status = reap(expectChild(result));
  if (status !== 0) throw new Error(`the program ended with ${status}`);
  return readFileSync(path, "utf8");
}

/** Both ends close-on-exec. */
export function makePipe(): { readonly read: number; readonly write: number } {
  const ends = new Int32Array(2);
  if (libc.symbols.pipe2(ptr(ends), 0o2000000) !== 0) throw new Error("no pipe");
  return { read: ends[0] ?? -1, write: ends[1] ?? -1 };
}

/** Lets a descriptor be inherited by whatever is executed. */
export function letInherit(fd: number): void {
  libc.symbols.fcntl(fd, F_SETFD, 0);
}

/** The value of one line of /proc/PID/status. */
export function statusFieldOf(status: string, field: string): string {
  return new RegExp(`^${field}:\\s*(.*?)\\s*$`, "m").exec(status)?.[1] ?? `no ${field}`;
}

/** true if this process has the capability of that number in force (capabilities(7)). */
export function hasCapability(number: bigint): boolean {
  const effective = BigInt(`0x${statusFieldOf(readFileSync("/proc/self/status", "utf8"), "CapEff")}`);
  return (effective & (1n << number)) !== 0n;
}

/** A field of /proc/PID/stat by its number in proc(5); "gone" if there is no such process. */
export function statFieldOf(pid: number, field: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[field - 3] ?? "none";
  } catch {
    return "gone";
  }
}

/** Asks again and again, at most 20 s; only where no event exists. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** An executable file whose exec hangs, as on a dead file system, until `release` is called. */
export interface HangingFile {
  readonly path: string;
  release(): void;
  [Symbol.dispose](): void;
}

const F_SETSIG = 10;
const F_SETLEASE = 1024;
const SIGURG = 23;
const F_WRLCK = 1;
const F_UNLCK = 2;

/**
 * exec opens the file, and an open waits while somebody holds a write lease on it (up to 45 s). Null where the file
 * systems for temporary files know no leases.
 */
export function makeHangingFile(content: { readonly copyOf: string } | { readonly text: string }): HangingFile | null {
  for (const parent of [tmpdir(), "/dev/shm", "/var/tmp"]) {
    const scratch = makeScratch(parent);
    const path = join(scratch.path, "program");
    if ("text" in content) writeFileSync(path, content.text);
    else copyFileSync(content.copyOf, path);
    chmodSync(path, 0o755);
    const fd = openSync(path, "r");
    // The kernel announces the break of a lease with SIGIO, which would end this process.
    libc.symbols.fcntl(fd, F_SETSIG, SIGURG);
    const release = () => void libc.symbols.fcntl(fd, F_SETLEASE, F_UNLCK);
    const dispose = () => {
      closeSync(fd);
      scratch[Symbol.dispose]();
    };
    if (libc.symbols.fcntl(fd, F_SETLEASE, F_WRLCK) === 0) return { path, release, [Symbol.dispose]: dispose };
    dispose();
  }
  return null;
}
