/*
 * What outlives the data plane, in a directory of its own: pipes by the number of their place, a file that says whose they are
 * and holds the beginnings of lines, and the journal of each lane. Where there is no such directory, or no room in it, memory
 * takes their place, which a successor within this process finds. Part of the composition root.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import type { EstatePort } from "./core/estate.ts";
import { CARRY_TABLE_SIZE, HEADER_AT } from "./log/carry-store.ts";
import type { OutputPipePorts } from "./log/output-pipes.ts";
import { JOURNAL_SIZE, PipeJournal } from "./log/pipe-journal.ts";
import { NO_SLOT } from "./log/pipe-stretches.ts";
import { findLogFifo, openLogFifo } from "./os/log-fifo.ts";
import { makeSizedMemoryFile, readMemoryFile, writeMemoryFile } from "./os/memory-file.ts";
import { closeDescriptor, hasRoomAbove, openLogPipe, type PipeResult } from "./os/pipe-io.ts";
import { mapShared, reserveBlocks } from "./os/shared-memory.ts";
import { openMappedFile } from "./os/state-file.ts";

export interface PlaneFilesRequest {
  /** It is made if it is not there; its parent is ours. */
  readonly directory: string;
  /** Processes and pipes mean something only within one boot and one pid namespace: what names it. */
  readonly boot: string;
  readonly estate: EstatePort;
}

/** Append only. 1: first release. */
const VERSION = 1;

const NO_ESTATE: EstatePort = {
  hold: () => undefined,
  release: () => undefined,
  inherit: () => new Map(),
  flush: () => undefined,
};

/** How long pipes are kept that were made ahead and that nobody has asked for, in milliseconds: up to twice as long. */
const LATER = 1_000;

const JOURNAL = "journal";
/** Of the names under which the estate has them. */
const PREFIX = "plane ";
/** What the kernel maps at a time, or a multiple of it. */
const PAGE = 4096;

export class PlaneFiles {
  /** See CarryStore. */
  readonly slots: number;
  readonly pipes: OutputPipePorts;
  readonly #directory: string | null;
  readonly #estate: EstatePort;
  /** Files that a predecessor has left, by name: whatever became of the names. */
  readonly #left: Map<string, number>;
  readonly #table: Uint8Array;
  readonly #reserved = new Set<number>();
  // Mapped once and never unmapped: a view of what is mapped no more is a view of whatever comes there next.
  readonly #journals = new Map<number, PipeJournal>();
  readonly #lanes = new Map<string, number>();

  /** `request` null: nothing outlives this process. Throws without descriptors or memory. */
  constructor(request: PlaneFilesRequest | null) {
    this.#directory = request === null || !makeDirectory(request.directory) ? null : request.directory;
    this.#estate = request?.estate ?? NO_ESTATE;
    const left = this.#estate.inherit(PREFIX);
    this.#left = new Map([...left].map(([name, fd]) => [name.slice(PREFIX.length), fd]));
    this.slots = this.#openSlots(request?.boot ?? "");
    this.#table = mapped(this.slots, HEADER_AT);
    this.pipes = this.#pipePorts();
  }

  /** The journal of a lane. Throws without descriptors or memory. */
  openJournal(lane: string): number {
    const known = this.#lanes.get(lane);
    if (known !== undefined) return known;
    const fd = this.#open(nameOfJournal(lane), JOURNAL_SIZE);
    this.#lanes.set(lane, fd);
    this.#journals.set(fd, new PipeJournal(mapped(fd, JOURNAL_SIZE)));
    return fd;
  }

  journalAt(fd: number): PipeJournal {
    const journal = this.#journals.get(fd) ?? new PipeJournal(mapped(fd, JOURNAL_SIZE));
    this.#journals.set(fd, journal);
    return journal;
  }

  /** Lanes of a predecessor that were in the middle of something, and the place of the pipe that it was about. */
  unsettledLanes(): readonly { readonly lane: string; readonly slot: number }[] {
    return this.#leftJournals().flatMap((name) => {
      const lane = laneOfJournal(name);
      const { unsettled } = this.journalAt(this.openJournal(lane));
      return unsettled === null ? [] : [{ lane, slot: unsettled.slot }];
    });
  }

  #leftJournals(): readonly string[] {
    const names = [...this.#left.keys(), ...(this.#directory === null ? [] : namesIn(this.#directory))];
    return [...new Set(names)].filter((name) => name.startsWith(JOURNAL));
  }

  #openSlots(boot: string): number {
    const header = new TextEncoder().encode(JSON.stringify({ version: VERSION, boot }));
    const slots = this.#open("slots", CARRY_TABLE_SIZE);
    if (this.#directory === null) return slots;
    if (Buffer.compare(readMemoryFile(slots, header.length, HEADER_AT), header) === 0) return slots;
    // It is of another boot, of another version, or new: nothing here means anything any more.
    closeDescriptor(slots);
    for (const name of ["slots", ...this.#leftJournals()]) this.#forget(name);
    const fresh = this.#open("slots", CARRY_TABLE_SIZE);
    try {
      writeMemoryFile(fresh, header, HEADER_AT);
    } catch {
      // The file system is full: a successor finds no header, and begins anew.
    }
    return fresh;
  }

  #forget(name: string): void {
    const left = this.#left.get(name);
    if (left !== undefined) closeDescriptor(left);
    this.#left.delete(name);
    this.#estate.release(`${PREFIX}${name}`);
    rmSync(`${this.#directory}/${name}`, { force: true });
  }

  /** A file of at least this size, which can be written through a mapping; in memory where there is no room for it. */
  #open(name: string, size: number): number {
    const left = this.#left.get(name) ?? null;
    this.#left.delete(name);
    const keeper = { inherit: () => left, hold: (fd: number) => this.#estate.hold(`${PREFIX}${name}`, fd) };
    if (this.#directory !== null) {
      const opened = openMappedFile(`${this.#directory}/${name}`, size, keeper);
      if (opened.tag === "ok") {
        const { fd, memory } = opened.file;
        memory[Symbol.dispose]();
        if (reserveBlocks(fd, 0, size) === null) return fd;
        closeDescriptor(fd);
      }
    }
    const memory = makeSizedMemoryFile(name, size);
    keeper.hold(memory);
    return memory;
  }

  #pipePorts(): OutputPipePorts {
    return {
      estate: this.#estate,
      openPipe: (slot, leaving) => endsOf(this.#openPipe(slot), leaving),
      findPipe: (slot) => (this.#directory === null ? null : findLogFifo(`${this.#directory}/${slot}`)),
      dropNames: (isFree) => {
        const directory = this.#directory;
        const names = directory === null ? [] : namesIn(directory).filter((name) => /^\d+$/.test(name));
        for (const name of names) if (isFree(Number(name))) rmSync(`${directory}/${name}`, { force: true });
      },
      later(run) {
        const handle = setTimeout(run, LATER);
        return () => clearTimeout(handle);
      },
      clear: (slot) => this.#table.fill(0, 4 * slot, 4 * (slot + 1)),
      readTable: () => readMemoryFile(this.slots, HEADER_AT - CARRY_TABLE_SIZE, CARRY_TABLE_SIZE),
      writeTable: (bytes, offset) => {
        // Where the file system is full, this pipe has nobody after us.
        if (this.#reserve(CARRY_TABLE_SIZE + offset)) this.#table.set(bytes, CARRY_TABLE_SIZE + offset);
      },
    };
  }

  /** true: the page of the table that this is in can be written through the mapping. */
  #reserve(offset: number): boolean {
    const page = Math.floor(offset / PAGE);
    if (this.#reserved.has(page)) return true;
    if (reserveBlocks(this.slots, page * PAGE, PAGE) !== null) return false;
    this.#reserved.add(page);
    return true;
  }

  #openPipe(slot: number): PipeResult {
    if (this.#directory !== null && slot !== NO_SLOT) {
      const opened = openLogFifo(`${this.#directory}/${slot}`);
      if (opened.tag === "ok" || opened.errno === "EMFILE" || opened.errno === "ENFILE") return opened;
    }
    return openLogPipe();
  }
}

/** Throws if the kernel refuses. */
export function mapped(fd: number, size: number): Uint8Array<ArrayBuffer> {
  const memory = mapShared(fd, size);
  if (memory === null) throw new Error("cannot map a file of the data plane");
  return memory.bytes;
}

function endsOf(opened: PipeResult, leaving: number): ReturnType<OutputPipePorts["openPipe"]> {
  if (opened.tag === "failed") return opened.errno;
  const { read, write } = opened.ends;
  if (leaving === 0 || hasRoomAbove(Math.max(read, write), leaving)) return opened.ends;
  closeDescriptor(read);
  closeDescriptor(write);
  return "EMFILE";
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function makeDirectory(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return true;
  } catch {
    return false;
  }
}

function nameOfJournal(lane: string): string {
  return lane === "" ? JOURNAL : `${JOURNAL}-${lane.replaceAll(" ", "_")}`;
}

function laneOfJournal(name: string): string {
  return name.slice(JOURNAL.length + 1).replaceAll("_", " ");
}
