/**
 * Descriptors that are to outlive this process, each under a name, so that a successor goes on with the very same pipes,
 * sockets and locks. Whoever opens such a descriptor holds it here at once, before anybody else is given the other end of it.
 */
export interface EstatePort {
  /** The descriptor, which stays the caller's, outlives this process from now on. A name stands for one descriptor at a time. */
  hold(name: string, fd: number): void;
  /** It does so no longer: to be called before the descriptor is closed. Harmless for a name that is not held. */
  release(name: string): void;
  /**
   * What a predecessor has left under names that begin with `prefix` (their first word at least), by the whole name. The descriptors are the caller's, held as
   * if `hold` had been called for each; they are given out once. In the order in which they were held.
   */
  inherit(prefix: string): ReadonlyMap<string, number>;
  /** What was held is kept from here on, also if this process dies in the next moment: to be called before anything follows from it. */
  flush(): void;
}
