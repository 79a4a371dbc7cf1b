import type { Watched } from "./plane-parts.ts";

export interface WatchPorts {
  /** Reports `fd` when it is readable, a single time if `once`; arms it anew if it is known. */
  watch(fd: number, once: boolean): { readonly tag: "ok" } | { readonly tag: "failed"; readonly errno: string };
  unwatch(fd: number): void;
}

/** What the descriptors of a plane that are watched are for. */
export class PlaneWatches {
  readonly #ports: WatchPorts;
  readonly #report: (service: string | null, message: string) => void;
  readonly #watched = new Map<number, Watched>();

  constructor(ports: WatchPorts, report: (service: string | null, message: string) => void) {
    this.#ports = ports;
    this.#report = report;
  }

  /** Another object once the number stands for another descriptor; undefined: nothing is known of it. */
  get(fd: number): Watched | undefined {
    return this.#watched.get(fd);
  }

  /** false: it cannot be watched, which is said; of a pipe that it is tried for again and again, once. */
  add(fd: number, watched: Watched): boolean {
    const result = this.#ports.watch(fd, watched.tag === "watch");
    // Whoever asked has closed it since, and a file may have its number now: that it is to be unwatched is on its way.
    if (watched.tag === "watch" && result.tag === "failed" && /^E(BADF|PERM)$/.test(result.errno)) return false;
    const isTriedAgain = watched.tag === "pipe" && this.#watched.has(fd);
    this.#watched.set(fd, watched);
    if (result.tag === "ok") return true;
    const whose = watched.tag === "pipe" ? watched.run.service.name : null;
    if (!isTriedAgain) this.#report(whose, `cannot watch "descriptor ${fd}": ${result.errno}`);
    return false;
  }

  remove(fd: number): void {
    this.#watched.delete(fd);
    this.#ports.unwatch(fd);
  }
}
