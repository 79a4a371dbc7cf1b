/*
 * Spawns while a filter of system calls (seccomp(2)) stands between each child and a table of descriptors of its own, and
 * writes what came of it to standard output as JSON. A filter is for good, hence a process of its own.
 *
 *     filtered-spawner DIRECTORY able       ends with status 0 if there can be such filters
 *     filtered-spawner DIRECTORY refused    the call fails
 *     filtered-spawner DIRECTORY held       it waits until this program lets it go on
 *     filtered-spawner DIRECTORY killed     it waits, and the child is killed there
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { Spawner } from "../../src/os/spawn.ts";
import { type Child, commandOf, expectChild, reap, requestOf, statFieldOf, until } from "../os/spawn-kit.ts";

const libc = dlopen("libc.so.6", {
  // int prctl(int option, unsigned long, unsigned long, unsigned long, unsigned long);
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  // long syscall(long number, unsigned long operation, unsigned long flags, void *arguments);
  syscall: { args: ["u64", "u64", "u64", "ptr"], returns: FFIType.i64_fast },
  // int ioctl(int fd, unsigned long request, void *argument);
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  // int poll(struct pollfd *fds, nfds_t count, int timeout);
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
} as const);

const PR_SET_NO_NEW_PRIVS = 38;
const SYS_SECCOMP = process.arch === "x64" ? 317 : 277;
const SET_MODE_FILTER = 1;
const NEW_LISTENER = 8;
const FAIL_WITH_EINVAL = 0x00050016;
const ASK_THE_LISTENER = 0x7fc00000;
const RECEIVE = 0xc0502100;
const SEND = 0xc0182101;
const GO_ON = 1;

/** Whom to answer if children are held; -1 otherwise. From now on close_range(2) with CLOSE_RANGE_UNSHARE is filtered. */
function filter(action: number): number {
  const [closeRange, unshare, allow] = [436, 2, 0x7fff0000];
  // Each instruction: code, jump if true and if false, constant (struct sock_filter).
  const instructions: readonly (readonly [number, number, number])[] = [
    [0x20, 0, 0],
    [0x15, 3 << 8, closeRange],
    [0x20, 0, 32],
    [0x15, 1 << 8, unshare],
    [0x06, 0, action],
    [0x06, 0, allow],
  ];
  const code = new Uint32Array(
    instructions.flatMap(([operation, jumps, constant]) => [operation | (jumps << 16), constant]),
  );
  const program = new BigUint64Array([BigInt(instructions.length), BigInt(ptr(code))]);
  libc.symbols.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const isAsked = action === ASK_THE_LISTENER;
  const result = Number(libc.symbols.syscall(SYS_SECCOMP, SET_MODE_FILTER, isAsked ? NEW_LISTENER : 0, ptr(program)));
  if (result < 0) throw new Error("cannot set a filter");
  return isAsked ? result : -1;
}

function isSomebodyHeld(listener: number): boolean {
  return libc.symbols.poll(ptr(new Int32Array([listener, 1])), 1, 0) === 1;
}

/** Lets one held child go on. */
function letGo(listener: number): void {
  const notification = new BigUint64Array(10);
  if (libc.symbols.ioctl(listener, RECEIVE, ptr(notification)) !== 0) throw new Error("nobody is held");
  const answer = new BigUint64Array([notification[0] ?? 0n, 0n, BigInt(GO_ON) << 32n]);
  if (libc.symbols.ioctl(listener, SEND, ptr(answer)) !== 0) throw new Error("cannot answer");
}

function openDescriptors(): readonly string[] {
  const links: string[] = [];
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      links.push(`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`);
    } catch {
      // That of the directory itself.
    }
  }
  return links.sort();
}

const [directory = "", mode = ""] = process.argv.slice(2);
const file = (name: string | number): string => join(directory, String(name));
using spawner = new Spawner();

/** A child that writes its name and the numbers of its descriptors into the file of that name. */
function spawnWriter(name: number, waitMs: number) {
  const fd = openSync(file(name), "w");
  const script = `echo ${name}; cd /proc/$$/fd; echo *`;
  const result = spawner.spawn(requestOf({ ...commandOf("/bin/sh", "-c", script), stdout: fd }), waitMs);
  closeSync(fd);
  return result;
}

function refused(): unknown {
  filter(FAIL_WITH_EINVAL);
  const result = spawnWriter(0, 10_000);
  return { tag: result.tag, status: reap(expectChild(result)), wrote: readFileSync(file(0), "utf8") };
}

const MANY = 16;

async function held(): Promise<unknown> {
  reap(expectChild(spawner.spawn(requestOf({}), 10_000)));
  const listener = filter(ASK_THE_LISTENER);
  const results = [];
  for (let name = 0; name < MANY; name++) {
    results.push(spawnWriter(name, name < 1 ? 20 : 0));
    // They take the numbers that the child's descriptors had here.
    for (let index = 0; index < 3; index++) openSync("/dev/zero", "r");
  }
  const before = openDescriptors();
  let heldCount = 0;
  await until("all have executed", () => {
    while (isSomebodyHeld(listener)) {
      letGo(listener);
      heldCount++;
    }
    return spawner.pendingCount === 0;
  });
  const statuses = results.map((result) => reap(expectChild(result)));
  const after = openDescriptors();
  const wrote = Array.from({ length: MANY }, (_, name) => readFileSync(file(name), "utf8"));
  const lost = before.filter((line) => line.includes("zero") && !after.includes(line));
  const left = after.filter((line) => line.includes(directory)).length;
  return { first: results[0]?.tag, heldCount, statuses, lost, left, wrote };
}

async function killed(): Promise<unknown> {
  reap(expectChild(spawner.spawn(requestOf({}), 10_000)));
  filter(ASK_THE_LISTENER);
  const before = openDescriptors();
  const statuses = [];
  // More than there is room for at the same time.
  for (let name = 0; name < MANY; name++) {
    const child: Child = expectChild(spawnWriter(name, 0));
    await until("the child is held", () => statFieldOf(child.pid, 3) === "S");
    process.kill(child.pid, "SIGKILL");
    await until("the child has ended", () => statFieldOf(child.pid, 3) === "Z");
    spawner.poll();
    statuses.push(reap(child));
  }
  const after = openDescriptors();
  return { statuses, lost: before.filter((line) => !after.includes(line)), left: after.length - before.length };
}

const modes: Readonly<Record<string, () => unknown>> = {
  able: () => filter(ASK_THE_LISTENER) >= 0,
  refused,
  held,
  killed,
};
console.log(JSON.stringify(await modes[mode]?.()));
