import type { PlaneLine } from "./plane-messages.ts";

/** Who is to hear of what the data plane finds. */
export class PlaneListeners {
  readonly #followers = new Map<string, Set<(line: PlaneLine) => void>>();
  readonly #watchers = new Map<number, () => void>();
  readonly #expecting = new Map<number, () => void>();

  isFollowed(service: string): boolean {
    return this.#followers.has(service);
  }

  /** true: it is the first one of the service. */
  follow(service: string, listen: (line: PlaneLine) => void): boolean {
    const followers = this.#followers.get(service) ?? new Set();
    this.#followers.set(service, followers);
    followers.add(listen);
    return followers.size === 1;
  }

  /** true: it was the last one of the service. */
  unfollow(service: string, listen: (line: PlaneLine) => void): boolean {
    const followers = this.#followers.get(service);
    return followers?.delete(listen) === true && followers.size === 0 && this.#followers.delete(service);
  }

  deliver(service: string, lines: readonly PlaneLine[]): void {
    const followers = [...(this.#followers.get(service) ?? [])];
    for (const line of lines) for (const listen of followers) listen(line);
  }

  /** Once, when the descriptor is readable. */
  watch(fd: number, listen: () => void): void {
    this.#watchers.set(fd, listen);
  }

  unwatch(fd: number): void {
    this.#watchers.delete(fd);
  }

  readable(fd: number): void {
    const listen = this.#watchers.get(fd);
    this.#watchers.delete(fd);
    listen?.();
  }

  /** Once, when what has this number is found. */
  expect(id: number, listen: () => void): void {
    this.#expecting.set(id, listen);
  }

  /** false: it was found, or called off before. */
  unexpect(id: number): boolean {
    return this.#expecting.delete(id);
  }

  matched(id: number): void {
    const listen = this.#expecting.get(id);
    this.#expecting.delete(id);
    listen?.();
  }
}
