import { dlopen, ptr } from "bun:ffi";

const libc = dlopen("libc.so.6", {
  // int poll(struct pollfd *fds, nfds_t nfds, int timeout);
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
} as const);

const POLLIN = 1;
const POLLOUT = 4;
const MOST_MILLIS = 2 ** 31 - 1;

/** A descriptor that is waited for: until it is readable or has come to its end, or also until it is writable. */
export interface Awaited {
  readonly fd: number;
  readonly writable: boolean;
}

/**
 * Blocks this thread until one of them is ready, a signal has a handler run, or so many milliseconds are over (null: for ever).
 * `lastly` is called right before.
 */
export function awaitDescriptors(
  awaited: readonly Awaited[],
  timeout: number | null,
  lastly: (() => void) | null = null,
): void {
  // struct pollfd: the descriptor, then 16 bits each of what is asked for and what is there.
  const words = new Int32Array(2 * awaited.length);
  awaited.forEach(({ fd, writable }, index) => {
    words[2 * index] = fd;
    words[2 * index + 1] = writable ? POLLIN | POLLOUT : POLLIN;
  });
  const [address, millis] = [ptr(words), timeout === null ? -1 : Math.min(Math.ceil(timeout), MOST_MILLIS)];
  lastly?.();
  libc.symbols.poll(address, awaited.length, millis);
}

/** true if something is to be read there, or somebody to be accepted, or nothing ever will be. */
export function isReadable(fd: number): boolean {
  const words = new Int32Array([fd, POLLIN]);
  return libc.symbols.poll(ptr(words), 1, 0) > 0;
}
