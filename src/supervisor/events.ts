import type { EventView } from "../core/service-view.ts";

export type Happening = Omit<EventView, "number" | "at">;

/** Numbers what happens and tells whoever listens. */
export class Events {
  readonly #listeners = new Set<(event: EventView) => void>();
  readonly #now: () => string;
  #last = 0;

  constructor(now: () => string) {
    this.#now = now;
  }

  emit(happening: Happening): void {
    this.#last++;
    if (this.#listeners.size === 0) return;
    const event: EventView = { number: this.#last, at: this.#now(), ...happening };
    for (const listen of this.#listeners) listen(event);
  }

  subscribe(listen: (event: EventView) => void): () => void {
    this.#listeners.add(listen);
    return () => this.#listeners.delete(listen);
  }
}
