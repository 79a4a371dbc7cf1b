import type { Definition } from "../core/definition.ts";
import type { Companion } from "./companion.ts";

/** Who has to do with a service, by all the definitions that it has had; these are the last of them. */
interface Concerned {
  readonly definition: Definition;
  readonly next: Definition | null;
  readonly companions: readonly Companion[];
}

/**
 * Which companions have to do with which service. Most services ask for nothing beyond their process, and there are many of
 * them. Whoever was concerned once goes on to be told: what it holds for the service is its own to let go.
 */
export class ConcernedCompanions {
  readonly #all: readonly Companion[];
  readonly #concerned = new Map<string, Concerned>();

  constructor(all: readonly Companion[]) {
    this.#all = all;
  }

  /** In the order in which they were given. `next`: what the service will be started with when its run is over. */
  of(definition: Definition, next: Definition | null): readonly Companion[] {
    const known = this.#concerned.get(definition.name);
    if (known?.definition === definition && (next === null || known.next === next)) return known.companions;
    const isConcerned = (companion: Companion): boolean =>
      companion.concerns === undefined ||
      known?.companions.includes(companion) === true ||
      companion.concerns(definition) ||
      (next !== null && companion.concerns(next));
    const companions = this.#all.filter(isConcerned);
    this.#concerned.set(definition.name, { definition, next, companions });
    return companions;
  }

  forget(service: string): void {
    this.#concerned.delete(service);
  }
}
