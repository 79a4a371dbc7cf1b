/* The estate of this supervisor: what it would leave to a successor. Part of the composition root. */
import type { EstatePort } from "./core/estate.ts";

export class Estate implements EstatePort {
  readonly #held = new Map<string, number>();
  readonly #inherited: Map<string, number>;

  /** `inherited`: what a predecessor left. */
  constructor(inherited: ReadonlyMap<string, number>) {
    this.#inherited = new Map(inherited);
  }

  /** All that is held, and what was inherited and nobody has asked for yet. */
  get manifest(): ReadonlyMap<string, number> {
    return new Map([...this.#inherited, ...this.#held]);
  }

  hold(name: string, fd: number): void {
    this.#held.set(name, fd);
  }

  release(name: string): void {
    this.#held.delete(name);
  }

  inherit(prefix: string): ReadonlyMap<string, number> {
    const found = new Map([...this.#inherited].filter(([name]) => name.startsWith(prefix)));
    for (const [name, fd] of found) {
      this.#inherited.delete(name);
      this.#held.set(name, fd);
    }
    return found;
  }
}
