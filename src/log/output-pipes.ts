/*
 * The pipes that services write to, each with a place (slot) under which a successor of this whole process finds it again: a
 * table in a file says whose it is, and the pipe itself has a name, so that it can be opened anew while its service lives;
 * the estate keeps it also where there is no name, or nobody has it open any more.
 */
import type { EstatePort } from "../core/estate.ts";
import { NO_SLOT } from "./pipe-stretches.ts";
import { decodeSlotEntry, encodeSlotEntry, encodeSlotPid, ENTRY_SIZE, type SlotEntry } from "./slot-entry.ts";
import { SlotPool } from "./slot-pool.ts";

export interface OutputPipePorts {
  readonly estate: EstatePort;
  /**
   * A pipe that has the name of this place, which nobody else has open; without a name where that cannot be (NO_SLOT: at all).
   * The name of an errno, also if fewer than `leaving` descriptors would be left.
   */
  openPipe(slot: number, leaving: number): { readonly read: number; readonly write: number } | string;
  /** What was carried of an earlier pipe in this place means nothing any more. */
  clear(slot: number): void;
  /** The read end of the pipe with that name, whoever has it open; null: there is none. */
  findPipe(slot: number): number | null;
  /** Calls back in a second or so; the returned function calls it off. */
  later(run: () => void): () => void;
  /** Removes the names that pipes had in places of which this says that nothing is there any more. */
  dropNames(isFree: (slot: number) => boolean): void;
  /** The table as a predecessor has left it, with as many entries as there are. */
  readTable(): Uint8Array;
  /** A table that cannot be written costs only a successor something. */
  writeTable(bytes: Uint8Array, offset: number): void;
}

/** A run whose pipes a predecessor was reading. */
export interface AdoptedRun {
  readonly run: number;
  readonly service: string;
  /** 0: the predecessor died before it knew. */
  readonly pid: number;
  readonly pipes: readonly { readonly fd: number; readonly slot: number; readonly stream: "stdout" | "stderr" }[];
}

interface Ends {
  readonly read: number;
  readonly write: number;
}

interface Spare extends Ends {
  readonly slot: number;
}

/** Where so many were asked for lately, as many again are made ahead ... */
const MANY = 4;
/** ... but never more than these. */
const MOST_AHEAD = 64;
const NOTHING = Buffer.alloc(64 * ENTRY_SIZE);
/** So many descriptors are kept from what is made ahead. */
const LEFT_TO_OTHERS = 256;

export class OutputPipes {
  /** What a predecessor has left, in the order of its runs. */
  readonly adopted: readonly AdoptedRun[];
  readonly #ports: OutputPipePorts;
  readonly #closeFd: (fd: number) => void;
  readonly #slots: SlotPool;
  /** Every pipe that is open, by its read end. */
  readonly #open = new Map<number, { readonly slot: number; readonly entry: SlotEntry | null }>();
  readonly #fds = new Map<number, number>();
  /** Made ahead, for those that ask next, and nobody's yet. */
  readonly #spare: Spare[] = [];
  /** So many were asked for in this second or so, and in the one before. */
  #lately = { now: 0, before: 0 };
  #cancelTimer: (() => void) | null = null;

  /** `close` is asked to close what belongs here. */
  constructor(ports: OutputPipePorts, close: (fd: number) => void) {
    this.#ports = ports;
    this.#closeFd = close;
    this.#adopt();
    this.#slots = new SlotPool(new Set(this.#fds.keys()));
    this.adopted = this.#adoptedRuns();
  }

  /** A pipe for a run that is to begin; the name of an errno if there is none. */
  make(entry: Omit<SlotEntry, "pid">, leaving: number): Ends | string {
    if (this.#spare.length === 0) this.#makeAhead();
    this.#lately.now++;
    this.#cancelTimer ??= this.#ports.later(() => this.#lookAgain());
    const made = this.#spare.shift() ?? this.#makeOne(leaving);
    if (typeof made === "string") return made;
    const { slot, read, write } = made;
    if (slot !== NO_SLOT) this.#ports.clear(slot);
    this.#note(read, slot, { ...entry, pid: 0 });
    return { read, write };
  }

  /**
   * Where many are asked for, one after the other, some are made ahead, of which the estate is told together. Only while there are
   * descriptors in plenty, and places: nobody is to miss those that may not be needed.
   */
  #makeAhead(): void {
    const { now, before } = this.#lately;
    const count = now + before < MANY ? 0 : Math.min(now + before, MOST_AHEAD);
    while (this.#spare.length < count) {
      // Whether there is room for all is asked once.
      const made = this.#makeOne(this.#spare.length === 0 ? LEFT_TO_OTHERS + 2 * count : 0);
      if (typeof made === "string") return;
      this.#spare.push(made);
      if (made.slot === NO_SLOT) return;
    }
  }

  /** What has been made ahead is let go of when nobody has asked for any in a while. */
  #lookAgain(): void {
    const { now } = this.#lately;
    this.#lately = { now: 0, before: now };
    this.#cancelTimer = now === 0 ? null : this.#ports.later(() => this.#lookAgain());
    if (now === 0) this.#letGoOfSpare();
  }

  #letGoOfSpare(): void {
    for (const { slot, read, write } of this.#spare.splice(0)) {
      if (slot !== NO_SLOT) this.#ports.estate.release(nameOf(slot));
      for (const fd of [read, write]) this.#closeFd(fd);
      this.#slots.giveBack(slot);
    }
  }

  #makeOne(leaving: number): Spare | string {
    const slot = this.#slots.take();
    const ends = this.#ports.openPipe(slot, leaving);
    if (typeof ends === "string") {
      this.#slots.giveBack(slot);
      return ends;
    }
    if (slot !== NO_SLOT) this.#ports.estate.hold(nameOf(slot), ends.read);
    return { slot, ...ends };
  }

  /** The run has begun: the place of its pipe, which is given one here if it was not made here. */
  begin(fd: number, pid: number): number {
    const known = this.#open.get(fd);
    if (known === undefined) {
      const slot = this.#slots.take();
      if (slot !== NO_SLOT) this.#ports.clear(slot);
      this.#note(fd, slot, null);
      return slot;
    }
    const { slot, entry } = known;
    // Of an entry that is there only this is to be written.
    if (entry !== null && slot !== NO_SLOT) this.#ports.writeTable(encodeSlotPid(pid), slot * ENTRY_SIZE);
    return slot;
  }

  /** Closes the read end: nothing more comes, or nobody wants it. */
  close(fd: number): void {
    const known = this.#open.get(fd);
    if (known !== undefined) {
      this.#open.delete(fd);
      this.#fds.delete(known.slot);
      if (known.entry !== null) this.#write(known.slot, null);
      if (known.entry !== null && known.slot !== NO_SLOT) this.#ports.estate.release(nameOf(known.slot));
      this.#slots.giveBack(known.slot);
    }
    this.#closeFd(fd);
  }

  /** At an orderly end: leaves no names but of pipes that are open still. */
  tidy(): void {
    this.#cancelTimer?.();
    this.#letGoOfSpare();
    this.#ports.dropNames((slot) => !this.#fds.has(slot));
  }

  /** The read end of the pipe in this place; null: there is none. */
  fdOf(slot: number): number | null {
    return this.#fds.get(slot) ?? null;
  }

  /** Whose the pipe in this place is; null: nobody's. */
  serviceOf(slot: number): string | null {
    return this.#open.get(this.#fds.get(slot) ?? -1)?.entry?.service ?? null;
  }

  #note(fd: number, slot: number, entry: SlotEntry | null): void {
    this.#open.set(fd, { slot, entry });
    if (slot === NO_SLOT) return;
    this.#fds.set(slot, fd);
    if (entry !== null) this.#write(slot, entry);
  }

  #write(slot: number, entry: SlotEntry | null): void {
    if (slot !== NO_SLOT) this.#ports.writeTable(encodeSlotEntry(entry), slot * ENTRY_SIZE);
  }

  #adopt(): void {
    const held = this.#ports.estate.inherit(PREFIX);
    const table = this.#ports.readTable();
    for (let slot = 0; slot * ENTRY_SIZE < table.length; slot++) {
      // Most places are nobody's, and are passed over many at a time.
      const at = slot * ENTRY_SIZE;
      if (at % NOTHING.length === 0 && NOTHING.equals(table.subarray(at, at + NOTHING.length))) {
        slot += NOTHING.length / ENTRY_SIZE - 1;
        continue;
      }
      const entry = decodeSlotEntry(table.subarray(at, at + ENTRY_SIZE));
      if (entry === null) continue;
      const fd = held.get(nameOf(slot)) ?? this.#ports.findPipe(slot);
      if (fd === null) {
        this.#write(slot, null);
        continue;
      }
      this.#open.set(fd, { slot, entry });
      this.#fds.set(slot, fd);
      if (!held.has(nameOf(slot))) this.#ports.estate.hold(nameOf(slot), fd);
    }
    for (const [name, fd] of held) {
      if (this.#open.has(fd)) continue;
      this.#ports.estate.release(name);
      this.#closeFd(fd);
    }
  }

  #adoptedRuns(): readonly AdoptedRun[] {
    const runs = new Map<number, AdoptedRun>();
    for (const [fd, { slot, entry }] of this.#open) {
      if (entry === null) continue;
      const { run, service, pid, stream } = entry;
      const known = runs.get(run);
      // One of two pipes may have been told the number already.
      const merged = { run, service, pid: known?.pid || pid, pipes: [...(known?.pipes ?? []), { fd, slot, stream }] };
      runs.set(run, merged);
    }
    return [...runs.values()].toSorted((one, other) => one.run - other.run);
  }
}

const PREFIX = "log ";

function nameOf(slot: number): string {
  return `${PREFIX}${slot}`;
}
