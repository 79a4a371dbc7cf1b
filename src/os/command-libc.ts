/*
 * The functions of the C library that a command uses, loaded together: each of them costs next to nothing, the loading 0.2 ms.
 */
import { FFIType, type Pointer, dlopen, read } from "bun:ffi";

function openLibc() {
  return dlopen("libc.so.6", {
    // ssize_t write(int fd, const void *buf, size_t count);
    write: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
    // int isatty(int fd);
    isatty: { args: ["i32"], returns: "i32" },
    // int ioctl(int fd, unsigned long request, ...);  with the address of a struct
    ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
    // int socket(int domain, int type, int protocol);
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    // int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    // ssize_t send(int sockfd, const void *buf, size_t len, int flags);
    send: { args: ["i32", "ptr", "u64", "i32"], returns: FFIType.i64_fast },
    // int poll(struct pollfd *fds, nfds_t nfds, int timeout);
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
    // ssize_t recv(int sockfd, void *buf, size_t len, int flags);
    recv: { args: ["i32", "ptr", "u64", "i32"], returns: FFIType.i64_fast },
    // int close(int fd);
    close: { args: ["i32"], returns: "i32" },
    // int *__errno_location(void);
    __errno_location: { args: [], returns: "ptr" },
  } as const).symbols;
}

export type CommandLibc = ReturnType<typeof openLibc>;
let loaded: CommandLibc | null | undefined;

/** null: the runtime cannot call foreign functions, as it may not compile (MemoryDenyWriteExecute). */
export function loadCommandLibc(): CommandLibc | null {
  if (loaded !== undefined) return loaded;
  try {
    loaded = openLibc();
  } catch {
    loaded = null;
  }
  return loaded;
}

/** The name of errno; only right directly after a call that failed. */
export function errnoOf(libc: CommandLibc): string {
  const errno = read.i32(libc.__errno_location() as Pointer, 0);
  // Loaded where something fails: whatever is loaded may change errno, so not before that is read.
  const { errnoNameOf } = require("./errno-names.ts") as typeof import("./errno-names.ts");
  return errnoNameOf(errno);
}
