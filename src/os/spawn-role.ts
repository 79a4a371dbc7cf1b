/*
 * Starts this program in another role as a child, for a process that does nothing else: without the compiler of the spawn of
 * services, which costs memory for good. glibc's posix_spawn(3) returns to JavaScript in the parent alone.
 */
import { dlopen, ptr } from "bun:ffi";
import { errnoNameOf } from "./errno-names.ts";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int posix_spawnattr_init(posix_spawnattr_t *attr);
  posix_spawnattr_init: { args: ["ptr"], returns: "i32" },
  // int posix_spawnattr_setflags(posix_spawnattr_t *attr, short flags);
  posix_spawnattr_setflags: { args: ["ptr", "i16"], returns: "i32" },
  // int posix_spawnattr_setsigdefault(posix_spawnattr_t *attr, const sigset_t *sigdefault);
  posix_spawnattr_setsigdefault: { args: ["ptr", "ptr"], returns: "i32" },
  // int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
  //                 char *const argv[], char *const envp[]);
  posix_spawn: { args: ["ptr", "cstring", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  // int execve(const char *path, char *const argv[], char *const envp[]);
  execve: { args: ["cstring", "ptr", "ptr"], returns: "i32" },
  // int fcntl(int fd, int cmd, int arg);
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
} as const);

const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSID = 0x80;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** posix_spawnattr_t has 336 bytes, sigset_t 128. */
const ATTRIBUTE_BYTES = 512;
const SET_BYTES = 128;

export interface RoleImage {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
}

export type RoleSpawn =
  { readonly tag: "spawned"; readonly pid: number } | { readonly tag: "failed"; readonly errno: string };

/**
 * Starts it in a session of its own, with the default for every signal and the mask of this process. It inherits every descriptor
 * that is not close-on-exec, and `kept`, which are so again afterwards.
 */
export function spawnRole(image: RoleImage, kept: readonly number[]): RoleSpawn {
  const attributes = new Uint8Array(ATTRIBUTE_BYTES);
  const every = new Uint8Array(SET_BYTES).fill(0xff);
  libc.symbols.posix_spawnattr_init(ptr(attributes));
  libc.symbols.posix_spawnattr_setflags(ptr(attributes), POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  libc.symbols.posix_spawnattr_setsigdefault(ptr(attributes), ptr(every));
  const [argv, env] = [new StringList(image.argv), new StringList(image.env)];
  const pid = new Int32Array(1);
  for (const fd of kept) surviveExec(fd, true);
  const errno = libc.symbols.posix_spawn(ptr(pid), image.path, null, ptr(attributes), argv.address, env.address);
  for (const fd of kept) surviveExec(fd, false);
  return errno === 0 ? { tag: "spawned", pid: pid[0] ?? -1 } : { tag: "failed", errno: errnoNameOf(errno) };
}

/**
 * Executes it in place of this process, which inherits what is not close-on-exec; signals that are blocked stay so, and pending.
 * Returns only if that fails, with the errno.
 */
export function executeRole(image: RoleImage): string {
  const [argv, env] = [new StringList(image.argv), new StringList(image.env)];
  libc.symbols.execve(image.path, argv.address, env.address);
  return lastErrno();
}

/** true: the descriptor stays open when this process or a child of it executes a program. */
export function surviveExec(fd: number, survives: boolean): void {
  libc.symbols.fcntl(fd, F_SETFD, survives ? 0 : FD_CLOEXEC);
}

/** An array of C strings that ends with a null pointer; stays while this object does. */
class StringList {
  readonly #texts: readonly Buffer[];
  readonly #pointers: BigUint64Array;

  constructor(texts: readonly string[]) {
    this.#texts = texts.map((text) => Buffer.from(`${text}\0`));
    this.#pointers = new BigUint64Array([...this.#texts.map((text) => BigInt(ptr(text))), 0n]);
  }

  get address(): ReturnType<typeof ptr> {
    return ptr(this.#pointers);
  }
}
