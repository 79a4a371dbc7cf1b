/* The signals that a guardian hands on. Part of the composition root. */
import { type SignalName, signalNameOf } from "./core/signal-names.ts";
import { closeDescriptor, readPipe } from "./os/pipe-io.ts";
import type { GuardianRole } from "./role.ts";

export const HANDED_ON: readonly SignalName[] = ["SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2"];
/** Those after which everything ends, by whichever supervisor. */
const ENDING: readonly SignalName[] = ["SIGTERM", "SIGINT", "SIGQUIT"];

/** More than this a supervisor has never left unheard. */
const MOST_REMEMBERED = 100;

export class HandedOnSignals {
  /** Of which no supervisor has been told. */
  untold: readonly SignalName[];
  /** What the supervisor at work was told last, and how much in all. */
  #told: SignalName[] = [];
  #count = 0;
  /** After this one everything ends, if not by this supervisor then by the next. */
  ending: SignalName | null;

  constructor({ ward, signalPipe }: Pick<GuardianRole, "ward" | "signalPipe">) {
    this.untold = ward?.signals ?? [];
    this.ending = ward?.ending ?? null;
    if (signalPipe !== null) for (const name of divertedInto(signalPipe)) this.hear(name);
  }

  /** true: it is one after which everything ends. */
  hear(name: string): boolean {
    const signal = HANDED_ON.find((known) => known === name);
    if (signal === undefined) return false;
    this.untold = [...this.untold, signal];
    if (!ENDING.includes(signal)) return false;
    if (this.ending !== "SIGQUIT") this.ending = signal;
    return true;
  }

  /** `tell`: false if the supervisor cannot take it now. */
  tell(tell: (name: SignalName) => boolean): void {
    this.untold = this.untold.filter((name) => {
      if (!tell(name)) return true;
      this.#told = [...this.#told.slice(1 - MOST_REMEMBERED), name];
      this.#count += 1;
      return false;
    });
  }

  /** The supervisor ends and has heard of only so many; the next one is told of the others, and before of those that it `missed`. */
  leave(heard: number, missed: readonly SignalName[]): void {
    const unheard = this.#count > heard ? this.#told.slice(heard - this.#count) : [];
    this.untold = [...missed, ...unheard, ...this.untold];
  }

  /** Another supervisor begins, and has been told of nothing. */
  forget(): void {
    this.#told = [];
    this.#count = 0;
  }

  /** Another supervisor is to go on with what the one before was told. */
  repeatEnding(): void {
    if (this.ending !== null && !this.untold.includes(this.ending)) this.untold = [...this.untold, this.ending];
  }
}

/** Signals that came while this program was executed were written into a pipe, a byte each. */
function divertedInto(pipe: number): readonly string[] {
  const bytes = new Uint8Array(256);
  const read = readPipe(pipe, bytes, { offset: 0, most: bytes.length });
  closeDescriptor(pipe);
  return read.tag === "read" ? [...bytes.subarray(0, read.count)].map(signalNameOf) : [];
}
