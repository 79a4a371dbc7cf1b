import type { Underway } from "./plane-messages.ts";
import type { RelayedSink } from "./relay-line.ts";

export interface UnderwayPorts {
  /** So many lines more (or fewer) are underway. */
  underway(delta: number): void;
  /** So many lines were with a relay that is no more, or were given up by it. */
  lost(lines: number): void;
  /** Has `look` called at this time or soon after, in microseconds since 1970. */
  wakeAt(at: number): void;
}

/** How long after lines were sent it is looked whether they have been handed on, at first and at most, in microseconds. */
const FIRST_LOOK = 20_000;
const LAST_LOOK = 5_000_000;

/** How many lines of a sink are with the relay: if all of us die, that is how many are lost. */
export class LinesUnderway {
  readonly #sink: RelayedSink;
  readonly #ports: UnderwayPorts;
  /** What was sent in each, in its order; `end`: `sent` after it. */
  #parcels: { readonly lines: number; readonly end: number }[] = [];
  #sent = 0;
  #left = 0;
  #generation = 0;
  /** How many this relay had given up when it was looked last. */
  #lost = 0;
  #lookAfter = FIRST_LOOK;
  #lookAt = 0;

  constructor(sink: RelayedSink, ports: UnderwayPorts) {
    this.#sink = sink;
    this.#ports = ports;
  }

  /** As it was when it was looked last. */
  get count(): Underway {
    return { sent: this.#sent, left: this.#left };
  }

  /** So many lines were sent. `at` is now. */
  add(lines: number, at: number): void {
    this.look(at);
    this.#parcels.push({ lines, end: this.#sink.sent });
    this.#sent += lines;
    this.#left += lines;
    this.#ports.underway(lines);
    if (this.#parcels.length === 1) this.#lookLater(at, FIRST_LOOK);
  }

  /** Leaves out what has been handed on. `at` is now. */
  look(at: number): void {
    const { generation, taken, lost } = this.#sink;
    if (generation !== this.#generation) {
      const lines = this.#leave(this.#parcels.length);
      if (lines > 0) this.#ports.lost(lines);
      this.#generation = generation;
      this.#lost = lost;
    }
    if (lost !== this.#lost) this.#ports.lost(lost - this.#lost);
    this.#lost = lost;
    const first = this.#parcels.findIndex(({ end }) => ((end - taken) | 0) > 0);
    const handedOn = this.#leave(first < 0 ? this.#parcels.length : first);
    if (this.#parcels.length === 0) return;
    // Whoever wakes us may have forgotten when, as something else was due before. The clock may have been set back.
    if (at < this.#lookAt && this.#lookAt - at <= LAST_LOOK) return this.#ports.wakeAt(this.#lookAt);
    this.#lookLater(at, handedOn > 0 ? FIRST_LOOK : this.#lookAfter * 2);
  }

  #leave(count: number): number {
    const lines = this.#parcels.splice(0, count).reduce((sum, parcel) => sum + parcel.lines, 0);
    this.#left -= lines;
    if (lines > 0) this.#ports.underway(-lines);
    return lines;
  }

  #lookLater(at: number, after: number): void {
    this.#lookAfter = Math.min(after, LAST_LOOK);
    this.#lookAt = at + this.#lookAfter;
    this.#ports.wakeAt(this.#lookAt);
  }
}
