/*
 * Clients for whom there is no descriptor. The runtime tells nobody of an accept that fails for that, and tries it again without
 * end, at the cost of a whole processor. So a signal says that somebody has connected. Where there is no descriptor then, the
 * spare ones are let go; if that does not help, nobody is taken in for a while: who connects waits. Part of the composition root.
 */
import type { SignalName } from "./core/signal-names.ts";
import { readDescriptorLimit } from "./os/descriptor-limit.ts";
import { hasRoomAbove } from "./os/pipe-io.ts";
import { hasRoomFor } from "./os/reserve-numbers.ts";
import { releaseSpareDescriptors } from "./os/spare-descriptors.ts";
import type { Report } from "./supervisor/ports.ts";

/** Whoever does not handle it does not notice it. */
export const KNOCK: SignalName = "SIGURG";

/** Where so many numbers are free at the end, there is room for whoever comes. */
const PLENTY = 16;
/** So long after somebody has connected the runtime has taken him in if it can, in milliseconds. */
const TAKEN_IN_WITHIN = 10;
/** How often it is tried again, in milliseconds. */
const AGAIN = 250;

/** A socket that clients connect to. */
export interface Entrance {
  /** Somebody has connected and was not taken in yet. */
  isAwaited(): boolean;
  /** Takes nobody in for now. */
  shut(): void;
  /** Takes in who comes, and who has come. false: there is no descriptor for that. */
  open(): boolean;
}

export class Knocks {
  readonly #report: Report;
  readonly #entrances = new Set<Entrance>();
  readonly #shut = new Set<Entrance>();
  /** Read once: to read it takes a descriptor. */
  readonly #limit = readDescriptorLimit();
  #timer: NodeJS.Timeout | null = null;
  #hasTold = false;

  constructor(report: Report) {
    this.#report = report;
    process.on(KNOCK, this.#hear);
  }

  /** Looks after an entrance of which each connection is told by the signal. */
  add(entrance: Entrance): void {
    this.#entrances.add(entrance);
  }

  close(): void {
    process.off(KNOCK, this.#hear);
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  readonly #hear = (): void => {
    if (!hasRoomAbove(this.#limit - PLENTY, 0)) this.#lookIn(TAKEN_IN_WITHIN);
  };

  #lookIn(delay: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#look();
    }, delay);
  }

  #look(): void {
    const isAwaited = [...this.#entrances].some((entrance) => entrance.isAwaited());
    if (!isAwaited && this.#shut.size === 0) return this.#isOver();
    if (!hasRoomFor(1) && !(releaseSpareDescriptors() && hasRoomFor(1))) {
      this.#shutAll();
      return this.#lookIn(AGAIN);
    }
    for (const entrance of this.#shut) if (entrance.open()) this.#shut.delete(entrance);
    this.#lookIn(this.#shut.size === 0 ? TAKEN_IN_WITHIN : AGAIN);
  }

  #shutAll(): void {
    for (const entrance of this.#entrances) {
      if (!this.#shut.has(entrance)) entrance.shut();
      this.#shut.add(entrance);
    }
    if (this.#hasTold) return;
    this.#hasTold = true;
    this.#report(
      "warning",
      "cannot take in clients: no descriptor is left (EMFILE); who connects waits until there is one",
    );
  }

  #isOver(): void {
    if (this.#hasTold) this.#report("notice", "clients are taken in again");
    this.#hasTold = false;
  }
}
