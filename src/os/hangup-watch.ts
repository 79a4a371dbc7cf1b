import { dlopen, ptr } from "bun:ffi";
import { EpollWaiter, openEpoll, removeFromEpoll } from "./epoll.ts";

const libc = dlopen("libc.so.6", {
  // int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
} as const);

const EPOLL_CTL_ADD = 1;
/** struct epoll_event is packed on x86-64 and only there; the lower half of its data follows the events. */
const WORDS = process.arch === "x64" ? 3 : 4;
const DATA_WORD = process.arch === "x64" ? 1 : 2;

/**
 * Tells which descriptors have been hung up on, or have an error; that something can be read from them does not count. The
 * watch has a descriptor of its own, readable as long as there are such.
 */
export class HangupWatch {
  readonly fd = openEpoll();
  readonly #waiter = new EpollWaiter(this.fd);

  /** false: this kind of descriptor is never hung up on (regular files, memory files). */
  add(fd: number): boolean {
    // No events are asked for: EPOLLHUP and EPOLLERR are told unasked.
    const event = new Int32Array(WORDS);
    event[DATA_WORD] = fd;
    return libc.symbols.epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, ptr(event)) === 0;
  }

  /** Due before the descriptor is closed; harmless if it is not watched. */
  remove(fd: number): void {
    removeFromEpoll(this.fd, fd);
  }

  /** Those that have been hung up on; they are told again until they are removed. At most 256 at once. */
  look(): readonly number[] {
    return [...this.#waiter.wait(0)];
  }
}
