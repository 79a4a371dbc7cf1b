import { dlopen, ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int epoll_create1(int flags);
  epoll_create1: { args: ["i32"], returns: "i32" },
  // int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  // int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout);
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  // int ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *mask);
  ppoll: { args: ["ptr", "u64", "ptr", "ptr"], returns: "i32" },
} as const);

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 0x1;
const EPOLLOUT = 0x4;
const EPOLLONESHOT = 0x40000000;

/**
 * struct epoll_event in 32-bit words: the events, then 64 bits of our own, the lower half of which is the descriptor.
 * It is packed on x86-64 and only there (12 bytes instead of 16).
 */
const WORDS = process.arch === "x64" ? 3 : 4;
const DATA_WORD = process.arch === "x64" ? 1 : 2;
const MAX_EVENTS = 256;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** A wait that is shorter than so many milliseconds is as long as it should be by the microsecond. */
const EXACT_BELOW_MS = 2;
/** struct pollfd: the descriptor, then 16 bits each of what is asked for and what is there. */
const POLLFD_WORDS = 2;
/** struct timespec: seconds and nanoseconds, 64 bits each. */
const TIMESPEC_WORDS = 4;
const NANOSECONDS_WORD = 2;

/** What is said of one descriptor; each thread has its own. Over a buffer of its own, it stays where it is. */
const event = new Int32Array(new ArrayBuffer(4 * WORDS));
const eventAddress = ptr(event);

export type EpollResult = { readonly tag: "ok" } | { readonly tag: "failed"; readonly errno: string };

const OK: EpollResult = { tag: "ok" };

/** A new epoll set, close-on-exec. Throws if the process has no descriptor left. */
export function openEpoll(): number {
  const fd = libc.symbols.epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw new Error(`cannot make an epoll set: ${lastErrno()}`);
  return fd;
}

/**
 * Reports `fd` whenever it is readable or has come to its end; with `once`, a single time until it is added again.
 * A descriptor that is in the set already is armed anew.
 */
export function addToEpoll(epoll: number, fd: number, once: boolean): EpollResult {
  event[0] = once ? EPOLLIN | EPOLLONESHOT : EPOLLIN;
  event[DATA_WORD] = fd;
  if (libc.symbols.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, eventAddress) === 0) return OK;
  const errno = lastErrno();
  if (errno !== "EEXIST") return { tag: "failed", errno };
  if (libc.symbols.epoll_ctl(epoll, EPOLL_CTL_MOD, fd, eventAddress) === 0) return OK;
  return { tag: "failed", errno: lastErrno() };
}

/**
 * Takes `fd` out of the set. To be called before it is closed: while a duplicate lives in another process, the set would
 * go on reporting a descriptor that nobody can take out any more.
 */
export function removeFromEpoll(epoll: number, fd: number): EpollResult {
  if (libc.symbols.epoll_ctl(epoll, EPOLL_CTL_DEL, fd, eventAddress) === 0) return OK;
  return { tag: "failed", errno: lastErrno() };
}

/** Waits on one epoll set, again and again, with one buffer. */
export class EpollWaiter {
  readonly #epoll: number;
  readonly #events = new Int32Array(WORDS * MAX_EVENTS);
  readonly #address = ptr(this.#events);
  readonly #ready: number[] = [];
  readonly #polled: Int32Array;
  readonly #span = new Int32Array(TIMESPEC_WORDS);

  constructor(epoll: number) {
    this.#epoll = epoll;
    this.#polled = new Int32Array(POLLFD_WORDS);
    this.#polled.set([epoll, EPOLLIN]);
  }

  /**
   * Blocks this thread until a descriptor is ready or so many microseconds have passed (infinite: without end), and gives
   * those that are ready, at most 256. The array is used again by the next call. Empty after a signal. Throws when the set is
   * none, which is a bug.
   */
  wait(timeoutMicros: number): readonly number[] {
    const millis = timeoutMicros / 1000;
    const isExact = millis > 0 && millis < EXACT_BELOW_MS;
    if (isExact) this.#waitExactly(timeoutMicros);
    const timeout = isExact
      ? 0
      : millis === Number.POSITIVE_INFINITY
        ? -1
        : Math.min(Math.ceil(millis), MAX_TIMEOUT_MS);
    const count = libc.symbols.epoll_wait(this.#epoll, this.#address, MAX_EVENTS, timeout);
    const errno = count < 0 ? lastErrno() : null;
    this.#ready.length = 0;
    if (errno !== null && errno !== "EINTR") throw new Error(`internal error: cannot wait on an epoll set: ${errno}`);
    for (let index = 0; index < count; index++) this.#ready.push(this.#events[index * WORDS + DATA_WORD] ?? -1);
    return this.#ready;
  }

  /** A set counts milliseconds before Linux 5.11. */
  #waitExactly(micros: number): void {
    this.#span[NANOSECONDS_WORD] = micros * 1000;
    libc.symbols.ppoll(ptr(this.#polled), 1, ptr(this.#span), null);
  }
}

export type WatchResult =
  { readonly tag: "ok"; readonly fd: number } | { readonly tag: "failed"; readonly errno: string };

/** A descriptor of its own, close-on-exec, that is readable once `fd` is writable or has failed: a set in a set. */
export function openWritableWatch(fd: number): WatchResult {
  const epoll = libc.symbols.epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return { tag: "failed", errno: lastErrno() };
  event[0] = EPOLLOUT;
  event[DATA_WORD] = fd;
  if (libc.symbols.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, eventAddress) === 0) return { tag: "ok", fd: epoll };
  const errno = lastErrno();
  closeSync(epoll);
  return { tag: "failed", errno };
}
