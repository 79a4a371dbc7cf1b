/* The threads of the supervisor. Part of the composition root. */
import { hasRoomFor } from "./os/reserve-numbers.ts";

/** What the runtime opens for one: an epoll set, an eventfd, and a file of /proc for a moment. */
const NEEDED = 3;

/** Begins a thread. Throws if it cannot be had: where the runtime has no descriptors for one, it ends the whole process. */
export function makeWorker(file: URL): Worker {
  if (!hasRoomFor(NEEDED)) throw new Error("no descriptors are left for a thread (EMFILE)");
  return new Worker(file.href, { smol: true });
}
