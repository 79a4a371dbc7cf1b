/* The descriptors that a guardian holds for supervisors to come. Part of the composition root. */
import { type Manifest, takeManifest } from "./daemon-estate.ts";
import { closeDescriptor } from "./os/pipe-io.ts";
import { surviveExec } from "./os/spawn-role.ts";

/** They stay open over an exec. */
export class HeldDescriptors {
  readonly #held: Map<string, number>;

  /** `left`: the memory file that names those which somebody else has held; null: there are none. */
  constructor(left: number | null) {
    this.#held = new Map(takeManifest(left));
    for (const fd of this.#held.values()) surviveExec(fd, true);
  }

  get manifest(): Manifest {
    return this.#held;
  }

  hold(name: string, fd: number | undefined): void {
    if (this.#held.has(name)) this.release(name);
    // None has come: there was no number left for it.
    if (fd !== undefined) this.#held.set(name, fd);
  }

  release(name: string): void {
    const fd = this.#held.get(name);
    if (fd !== undefined) closeDescriptor(fd);
    this.#held.delete(name);
  }
}
