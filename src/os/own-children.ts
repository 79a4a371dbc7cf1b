import { type Pointer, ptr } from "bun:ffi";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { errnoNameOf } from "./errno-names.ts";
import { loadNativeProcesses } from "./native-processes.ts";
import { readProcessTable } from "./processes.ts";
import { withSpareDescriptors } from "./spare-descriptors.ts";

/** One more than the highest process number of any kernel. */
const NUMBERS = 4_194_304;

/** Of `children` in processes.c: the address of the known ones, the descriptor, and six words of its own. */
const PLACE_WORDS = 8;

/**
 * The children of a process, usually this one, that its main thread made or was handed as subreaper, known ones and strangers. That a
 * subreaper is given a child is announced by nothing, so the kernel's list is read whenever somebody has to know; among a
 * thousand children that are known, strangers are found without making a number of each.
 */
export class OwnChildren implements Disposable {
  readonly #parent: number;
  /** A bit for each number. */
  readonly #known = new Uint8Array(NUMBERS / 8);
  /** What is remembered of the list, as processes.c lays it out. Over a buffer of its own, it stays where it is. */
  readonly #place = new BigInt64Array(new ArrayBuffer(8 * PLACE_WORDS));
  readonly #placeAddress: Pointer = ptr(this.#place);
  #found = new Int32Array(1024);
  /** true: all before a place near the end of the list are known, and it can be read from there. */
  #isNearEnd = false;
  /** The list, held open: it can be read when no descriptor is left. undefined: not opened yet; null: this kernel has none. */
  #list: number | null | undefined;

  /** `parent`: whose children they are, if not this process's. */
  constructor(parent: number = process.pid) {
    this.#parent = parent;
  }

  /** Makes ready what reads the children. To be called early: it needs descriptors, and later there may be none left. */
  prepare(): void {
    loadNativeProcesses();
    if (this.#list !== undefined) return;
    this.#list = openList(this.#parent);
    this.#place.set([BigInt(ptr(this.#known)), BigInt(this.#list ?? -1)]);
  }

  /** From now on this child is none of the strangers. */
  know(pid: number): void {
    this.#change(pid, (byte, bit) => byte | bit);
  }

  /** It is reaped, or not known any more. */
  forget(pid: number): void {
    this.#isNearEnd = false;
    this.#change(pid, (byte, bit) => byte & ~bit);
  }

  /** The children that are not known, ended ones included. Throws if they cannot be read. */
  strangers(): readonly number[] {
    this.prepare();
    if (typeof this.#list !== "number") return this.#strangersInTable();
    const [native, list, isNearEnd] = [loadNativeProcesses(), this.#placeAddress, this.#isNearEnd];
    this.#isNearEnd = false;
    const count = isNearEnd ? native.readNewStrangers(list, ptr(this.#found), this.#found.length) : -1;
    if (count >= 0) return [...this.#found.subarray(0, count)];
    return this.#fill((numbers, most) => native.readStrangers(list, numbers, most));
  }

  /** Makes the next look for strangers quick, if nobody is forgotten until then. It takes as long as a look itself. */
  lookAhead(): void {
    if (typeof this.#list !== "number") return;
    this.#isNearEnd = loadNativeProcesses().approachEnd(this.#placeAddress);
  }

  /** The children that have ended and are not reaped; null if this kernel has no list of children. */
  ended(): readonly number[] | null {
    this.prepare();
    if (typeof this.#list !== "number") return null;
    this.#isNearEnd = false;
    return this.#fill((numbers, most) => loadNativeProcesses().readEnded(this.#placeAddress, numbers, most));
  }

  [Symbol.dispose](): void {
    if (typeof this.#list === "number") closeSync(this.#list);
    this.#list = undefined;
  }

  #fill(read: (numbers: Pointer, most: number) => number): readonly number[] {
    for (;;) {
      const count = read(ptr(this.#found), this.#found.length);
      if (count >= 0) return [...this.#found.subarray(0, count)];
      if (count !== -constants.errno.E2BIG) throw new Error(`cannot read the list of children: ${errnoNameOf(-count)}`);
      this.#found = new Int32Array(this.#found.length * 2);
    }
  }

  #strangersInTable(): readonly number[] {
    return readProcessTable()
      .filter((row) => row.parent === this.#parent && !this.#isKnown(row.pid))
      .map((row) => row.pid);
  }

  #isKnown(pid: number): boolean {
    return ((this.#known[pid >> 3] ?? 0) & (1 << (pid & 7))) !== 0;
  }

  #change(pid: number, change: (byte: number, bit: number) => number): void {
    this.#known[pid >> 3] = change(this.#known[pid >> 3] ?? 0, 1 << (pid & 7));
  }
}

function openList(parent: number): number | null {
  try {
    return withSpareDescriptors(() => openSync(`/proc/${parent}/task/${parent}/children`, "r"));
  } catch (error) {
    // A kernel without CONFIG_PROC_CHILDREN.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
