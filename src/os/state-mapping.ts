import { closeSync } from "node:fs";
import { reserveBlocks } from "./shared-memory.ts";
import { type FileKeeper, copyAside, openMappedFile, type MappedFile } from "./state-file.ts";
import {
  advanceGeneration,
  CAPACITY,
  HEADER_SIZE,
  markClean,
  readHeader,
  writeHeader,
  type HeaderReading,
} from "./state-header.ts";
import { fitsRecord, RECORD_SIZE } from "./state-record.ts";
import { StateTable, type FoundRecord, type SlotAllocation } from "./state-table.ts";

/*
 * Never twice: what a supervisor must know of its predecessor that died at any instant.
 *
 * For each service the mapping says what is wanted and which process it has. The supervisor writes an intent before it
 * spawns, the start time once it has read it, and the exit before it reaps. Between clone and the supervisor's next
 * instruction lies a gap in which the child exists and the supervisor may die without having noted it. So the child itself
 * writes its pid and the time into its record, and only then looks whether the generation of the mapping is still the one
 * that its request names; if not, it ends itself. A successor, which holds the lock and so is alone, does the opposite:
 *
 *     child (of the dead)                     successor
 *     writes its pid                          advances the generation
 *     -- barrier --                           -- barrier --
 *     reads the generation                    reads the pid
 *
 * Whichever order the four come in, at least one of the two sees the other: either the pid is found here, or the child
 * never executes. The barrier of the child costs nothing, because the successor's makes every processor pass one
 * (membarrier(2)). That takes some 15 ms, and is done only where a record says that a spawn was under way: of every other process the
 * dead supervisor has noted the pid itself. The child reaches the mapping through the memory that it shares with its parent until exec, so that it
 * needs no descriptor; the memory stays while the child is on it, also when the parent is dead.
 *
 * A child that goes on says so with one word more. One that has written its pid, but not that word, and is gone, has ended
 * itself: to the service nothing has happened. One that is still there is waited for, as it has a few instructions to go.
 *
 * A pid proves nothing by itself. With a start time it does. A pid that only the child has written is a candidate: the
 * process is the one that was meant if it started between the intent and the child's note of the time.
 */

/** How the predecessor ended. */
export type Predecessor =
  | { readonly tag: "none" }
  /** Of an earlier boot, or in another pid namespace: none of its processes is alive. */
  | { readonly tag: "foreign" }
  | { readonly tag: "clean"; readonly pid: number }
  | { readonly tag: "died"; readonly pid: number }
  /** The header could not be read. */
  | { readonly tag: "unknown" };

export type StateOpening =
  | StateOpened
  /** `message` is complete. */
  | { readonly tag: "failed"; readonly message: string };

export interface StateOpened {
  readonly tag: "ok";
  readonly mapping: StateMapping;
  readonly predecessor: Predecessor;
  /** Messages for the log about what could not be read. */
  readonly problems: readonly string[];
  /** Path of the copy of the file as it was found; null if there was no problem, or the copy could not be made. */
  readonly setAside: string | null;
}

/** Who opens. The boot id may have the pid namespace appended: process numbers mean something only within one. */
export interface Opener {
  readonly bootId: string;
  readonly pid: number;
  readonly keeper?: FileKeeper;
}

const SIZE = HEADER_SIZE + CAPACITY * RECORD_SIZE;

/**
 * Opens the mapping of `path`, or makes it, and takes it over. The caller holds the lock of the supervisor, so that nobody
 * else writes; children of a dead predecessor may still.
 */
export function openStateMapping(path: string, opener: Opener): StateOpening {
  const opening = openMappedFile(path, SIZE, opener.keeper);
  if (opening.tag === "failed") return { tag: "failed", message: `cannot open "${path}": ${opening.reason}` };
  const { file } = opening;
  const reserved = reserveBlocks(file.fd, 0, HEADER_SIZE);
  if (reserved !== null) {
    release(file);
    return { tag: "failed", message: `cannot make room for "${path}": ${reserved}` };
  }
  return takeOver(path, opener, new StateTable(file, advanceGeneration(file.memory.bytes)));
}

/** The state of one supervisor's services, shared with its children and its successor. */
export class StateMapping {
  readonly #file: MappedFile;
  readonly #table: StateTable;
  readonly #found: readonly FoundRecord[];

  constructor(table: StateTable, found: readonly FoundRecord[]) {
    this.#file = table.file;
    this.#table = table;
    this.#found = found;
  }

  /** How many supervisors there have been here since the file was made, this one included. */
  get generation(): number {
    return this.#table.generation;
  }

  /** What the predecessor had noted, as it was found. It stays in the file until the slots are written to. */
  records(): readonly FoundRecord[] {
    return this.#found;
  }

  /** The slot of a service: the one that it has, its content included, or a new one. */
  allocate(name: string): SlotAllocation {
    if (!fitsRecord(name)) return { tag: "failed", reason: "its name is longer than 64 bytes" };
    return this.#table.allocate(name);
  }

  /** Forgets a service. Its slot must not be used any more. */
  free(name: string): void {
    this.#table.free(name);
  }

  /** Notes an orderly end. What was stopped by hand stays noted for the next start. */
  closeCleanly(): void {
    // There are no processes any more. To read a thousand records that say nothing would hold up that start.
    if (!this.#table.holdsWants()) this.#table.wipe();
    markClean(this.#file.memory.bytes);
    this[Symbol.dispose]();
  }

  /** Lets go of the file as a death would. Not while a spawn is pending. */
  [Symbol.dispose](): void {
    release(this.#file);
  }
}

function takeOver(path: string, opener: Opener, table: StateTable): StateOpened {
  const { bytes } = table.file.memory;
  const reading = readHeader(bytes, RECORD_SIZE);
  const isForeign = reading.tag === "ok" && reading.header.bootId !== opener.bootId;
  const isClean = reading.tag === "ok" && reading.header.isClean;
  const damaged = reading.tag === "version" ? [] : table.load();
  const problems = [
    ...problemsOf(path, table.file, reading),
    ...damaged.map((index) => `cannot read record ${index} of "${path}": neither of its two copies is whole`),
  ];
  const bad = `${path}.bad`;
  const setAside = problems.length > 0 && copyAside(table.file.fd, bad) === null ? bad : null;
  if (reading.tag === "version") table.wipe();
  for (const index of damaged) table.wipeRecord(index);
  // Before this one counts as begun: should it die, its successor is to find no starts that the end has made void.
  if (isForeign || isClean) table.forgetStarts();
  if (isForeign) table.forgetProcesses();
  writeHeader(bytes, { bootId: opener.bootId, pid: opener.pid, isClean: false }, RECORD_SIZE);
  const mapping = new StateMapping(table, table.found());
  return {
    tag: "ok",
    mapping,
    predecessor: predecessorOf(reading, isForeign),
    problems: [...table.file.problems, ...problems],
    setAside,
  };
}

// A damaged header costs nothing but what it says itself: each record has its own checksum.
function problemsOf(path: string, file: MappedFile, reading: HeaderReading): readonly string[] {
  const problems: string[] = [];
  if (file.sizeBefore > 0 && file.sizeBefore < SIZE)
    problems.push(`cannot read all of "${path}": it has ${file.sizeBefore} bytes, want ${SIZE}`);
  if (reading.tag === "damaged") problems.push(`cannot read the header of "${path}": it is damaged`);
  if (reading.tag === "version")
    problems.push(`cannot read "${path}": it has format version ${reading.version}, want 1`);
  return problems;
}

function predecessorOf(reading: HeaderReading, isForeign: boolean): Predecessor {
  switch (reading.tag) {
    case "ok":
      if (isForeign) return { tag: "foreign" };
      return { tag: reading.header.isClean ? "clean" : "died", pid: reading.header.pid };
    case "blank":
      return { tag: "none" };
    case "version":
    case "damaged":
      return { tag: "unknown" };
  }
}

function release(file: MappedFile): void {
  file.memory[Symbol.dispose]();
  closeSync(file.fd);
}
