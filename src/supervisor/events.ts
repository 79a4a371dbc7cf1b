import type { EventView } from "../core/service-view.ts";
import type { WallTime } from "../core/units.ts";
import { isoOf } from "../core/view.ts";

export type Happening = Omit<EventView, "number" | "at">;

/** Most events that are kept for those who come back for them. */
export const MOST_KEPT_EVENTS = 4096;

/** More than a supervisor ever tells. */
const MOST_OF_ONE = 1_000_000_000;

interface Kept {
  readonly at: WallTime;
  readonly happening: Happening;
}

/** Numbers what happens, tells whoever listens, and keeps the last of it. */
export class Events {
  readonly #listeners = new Set<(event: EventView) => void>();
  readonly #now: () => WallTime;
  readonly #seldom: (happening: Happening) => void;
  /** A ring: the event of number n lies at n modulo its length. */
  readonly #kept: Kept[] = [];
  #last = 0;
  /** The number before the first. */
  #before = 0;

  /** `seldom` hears of what no record of a service tells: all but changes of state and exits. */
  constructor(now: () => WallTime, seldom: (happening: Happening) => void = () => {}) {
    this.#now = now;
    this.#seldom = seldom;
  }

  /**
   * Numbers the events of this supervisor apart from those of all before it: whoever goes on after one of those is told that
   * something is missing, and never takes another event for one that it knows. To be called before the first event.
   */
  beginApart(generation: number): void {
    this.#before = this.#last = Math.max(0, generation - 1) * MOST_OF_ONE;
  }

  /** How many there were. */
  get count(): number {
    return this.#last - this.#before;
  }

  /** The number of the last event; that before the first: there was none. */
  get newest(): number {
    return this.#last;
  }

  /** The number of the first event that is still kept; one more than the newest if none is. */
  get oldest(): number {
    return Math.max(this.#before + 1, this.#last - MOST_KEPT_EVENTS + 1);
  }

  emit(happening: Happening): void {
    this.#last++;
    const kept = { at: this.#now(), happening };
    this.#kept[this.#last % MOST_KEPT_EVENTS] = kept;
    if (happening.event !== "state" && happening.event !== "exit") this.#seldom(happening);
    if (this.#listeners.size === 0) return;
    const event = viewOf(this.#last, kept);
    for (const listen of this.#listeners) listen(event);
  }

  /** Up to `most` events that follow this number, the oldest first; those that are not kept any more are left out. */
  after(number: number, most: number): readonly EventView[] {
    const views: EventView[] = [];
    for (let next = Math.max(number + 1, this.oldest); next <= this.#last && views.length < most; next++) {
      const kept = this.#kept[next % MOST_KEPT_EVENTS];
      if (kept !== undefined) views.push(viewOf(next, kept));
    }
    return views;
  }

  subscribe(listen: (event: EventView) => void): () => void {
    this.#listeners.add(listen);
    return () => this.#listeners.delete(listen);
  }
}

function viewOf(number: number, { at, happening }: Kept): EventView {
  return { number, at: isoOf(at), ...happening };
}
