import { ftruncateSync, readSync } from "node:fs";
import type { Exit } from "../core/exit.ts";
import { once } from "../core/once.ts";
import { issueGlobalBarrier, reserveBlocks } from "./shared-memory.ts";
import type { MappedFile } from "./state-file.ts";
import { settledChildWord } from "./settled-child.ts";
import { findProcess, type FoundProcess } from "./state-found.ts";
import { CAPACITY, GENERATION_OFFSET, HEADER_SIZE } from "./state-header.ts";
import { FREE_RECORD, readRecord, RECORD_SIZE, type ChildWord, type RecordReading, type Want } from "./state-record.ts";
import { StateSlot, type RecordPlace } from "./state-slot.ts";

/** What was noted of one service. */
export interface FoundRecord {
  readonly name: string;
  readonly want: Want;
  /** The process that the predecessor had, and that may be alive. */
  readonly process: FoundProcess;
  /** How the last process ended; null while there may be one, and where that is not known. */
  readonly exit: Exit | null;
  /** INVOCATION_ID of the last run, 32 hexadecimal digits, also when its main process has ended; zeros before the first. */
  readonly invocationId: string;
}

/** `reason` is without the name. */
export type SlotAllocation =
  { readonly tag: "ok"; readonly slot: StateSlot } | { readonly tag: "failed"; readonly reason: string };

/** Blocks of the file are reserved for this many records at once: 64 KiB. */
const RESERVED_TOGETHER = 256;
const NOTHING = Buffer.alloc(RESERVED_TOGETHER * RECORD_SIZE);

const SIZE = HEADER_SIZE + CAPACITY * RECORD_SIZE;

const NO_CHILD: ChildWord = { pid: 0, goesOn: false, timeNs: 0 };

interface Entry {
  readonly index: number;
  readonly slot: StateSlot;
  /** What the child of a predecessor had written. */
  readonly child: ChildWord;
}

type LoadedRecord = Extract<RecordReading, { readonly tag: "ok" }>;

/** The records of the mapping by name. */
export class StateTable {
  readonly file: MappedFile;
  /** How many supervisors there have been here, this one included. */
  readonly generation: number;
  readonly #entries = new Map<string, Entry>();
  readonly #reserved = new Set<number>();
  /** Records that a service had and has no more, the last one last. */
  readonly #freed: number[] = [];
  /** All records before this one have or had a service, but for those that were freed. */
  #next = 0;
  /** Records of services that a predecessor had. */
  #adopted: ReadonlySet<number> = new Set();
  /** Sequence numbers of unused records that have been written to: they go on from there. */
  readonly #sequences = new Map<number, number>();
  readonly #meetChildren: () => void;

  /** The generation has been advanced. `meetChildren` is called, once, before it is read what a child has written. */
  constructor(file: MappedFile, generation: number, meetChildren = issueGlobalBarrier) {
    this.file = file;
    this.generation = generation;
    this.#meetChildren = once(meetChildren);
  }

  /** Reads every record; returns the indices of those that cannot be read. */
  load(): readonly number[] {
    const damaged: number[] = [];
    // Not through the mapping: on a tmpfs even reading a hole there takes memory, and ends the process if there is none.
    const contents = new Uint8Array(NOTHING.length);
    for (let first = 0; first < CAPACITY; first += RESERVED_TOGETHER) {
      const count = readSync(this.file.fd, contents, 0, contents.length, HEADER_SIZE + first * RECORD_SIZE);
      contents.fill(0, count);
      // Most records have never been written to, and are passed over many at a time.
      if (NOTHING.equals(contents)) continue;
      for (let index = first; index < first + RESERVED_TOGETHER; index++) {
        const at = (index - first) * RECORD_SIZE;
        const reading = readRecord(contents.subarray(at, at + RECORD_SIZE));
        if (reading.tag === "damaged") damaged.push(index);
        if (reading.tag === "ok") this.#adopt(index, reading);
      }
    }
    this.#adopted = new Set([...this.#entries.values()].map((entry) => entry.index));
    return damaged;
  }

  found(): readonly FoundRecord[] {
    return [...this.#entries.values()].map(({ child, slot: { record } }) => {
      return {
        name: record.name,
        want: record.want,
        process: findProcess(record, child),
        exit: record.exit,
        invocationId: record.invocationId,
      };
    });
  }

  allocate(name: string): SlotAllocation {
    const present = this.#entries.get(name);
    if (present !== undefined) return { tag: "ok", slot: present.slot };
    const index = this.#freed.at(-1) ?? this.#nextUnused();
    if (index === null) return { tag: "failed", reason: `there are ${CAPACITY} services already` };
    const failure = this.#reserve(index);
    if (failure !== null) return failure;
    if (this.#freed.pop() === undefined) this.#next = index + 1;
    const slot = new StateSlot(this.#placeOf(index), FREE_RECORD, this.#sequences.get(index) ?? 0);
    slot.begin(name);
    this.#entries.set(name, { index, slot, child: NO_CHILD });
    return { tag: "ok", slot };
  }

  free(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#sequences.set(entry.index, entry.slot.end());
    this.#freed.push(entry.index);
  }

  /** The lowest record that no service had since this process began, nor has from before; null: there is none. */
  #nextUnused(): number | null {
    let index = this.#next;
    while (this.#adopted.has(index)) index++;
    return index < CAPACITY ? index : null;
  }

  /** After a boot: no process that is noted exists any more. */
  forgetProcesses(): void {
    for (const [name, { slot }] of this.#entries) {
      if (slot.record.want === "configured") this.free(name);
      else slot.exited(null);
    }
  }

  /** What was started by hand outlives a death, but neither an orderly end nor a boot. */
  forgetStarts(): void {
    for (const { slot } of this.#entries.values()) if (slot.record.want === "up") slot.setWant("configured");
  }

  /** true: something is wanted by hand. */
  holdsWants(): boolean {
    for (const { slot } of this.#entries.values()) if (slot.record.want !== "configured") return true;
    return false;
  }

  wipeRecord(index: number): void {
    this.#placeOf(index).bytes.fill(0);
  }

  /** Empties all records at once, and the header stays. */
  wipe(): void {
    ftruncateSync(this.file.fd, HEADER_SIZE);
    ftruncateSync(this.file.fd, SIZE);
  }

  #adopt(index: number, { record, sequence }: LoadedRecord): void {
    if (record.phase === "free" || this.#entries.has(record.name)) {
      this.#sequences.set(index, sequence);
      return;
    }
    const place = this.#placeOf(index);
    const child = record.phase === "intent" ? this.#childOf(place) : NO_CHILD;
    this.#entries.set(record.name, { index, slot: new StateSlot(place, record, sequence), child });
  }

  #childOf({ bytes }: RecordPlace): ChildWord {
    this.#meetChildren();
    return settledChildWord(bytes);
  }

  /** Writing to a hole of the file would end this process on a full disk. null: it is safe. */
  #reserve(index: number): SlotAllocation | null {
    const chunk = Math.floor(index / RESERVED_TOGETHER);
    if (this.#reserved.has(chunk)) return null;
    const length = RESERVED_TOGETHER * RECORD_SIZE;
    const errno = reserveBlocks(this.file.fd, HEADER_SIZE + chunk * length, length);
    if (errno !== null) return { tag: "failed", reason: `its state cannot be written: ${errno}` };
    this.#reserved.add(chunk);
    return null;
  }

  #placeOf(index: number): RecordPlace {
    const { address, bytes } = this.file.memory;
    const at = HEADER_SIZE + index * RECORD_SIZE;
    const words = { child: address + at, generation: address + GENERATION_OFFSET, expected: this.generation };
    return { bytes: bytes.subarray(at, at + RECORD_SIZE), address: words };
  }
}
