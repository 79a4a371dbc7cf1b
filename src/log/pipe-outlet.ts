/*
 * The standard input of a service, which may be down or slow: what it does not take now waits. All lines for it go through
 * here, whichever service they come from, so that none is torn. The pipe lives as long as somebody logs to it, and until
 * what was sent is in it: whoever reads from it may be another process by then. So may be whoever writes to it, as this one can be
 * killed at any instant: records are written in pieces of which the pipe takes all or nothing. While a part of a longer one is in
 * it, that is marked at the pipe, and whoever finds the mark ends its line.
 */
import { NEWLINE } from "./line-framer.ts";
import { OutletQueue } from "./outlet-queue.ts";
import { linesOf } from "./relay-messages.ts";
import type { Outlet, OutletReport, Parcel } from "./relay-outlet.ts";

export interface PipeOutletPorts {
  write(
    fd: number,
    bytes: Uint8Array,
    stretch: { readonly start: number; readonly end: number },
  ):
    | { readonly tag: "written"; readonly count: number }
    | { readonly tag: "full" }
    | { readonly tag: "failed"; readonly errno: string };
  /** So many bytes at once the pipe takes as a whole or not at all. */
  takenWhole(fd: number): number;
  /** Notes at the pipe that a line is in it of which the rest is still to be written, or that this is not so any more. */
  markTorn(fd: number, isTorn: boolean): void;
  isMarkedTorn(fd: number): boolean;
  /** Has `room` called once the pipe has some. */
  awaitRoom(): void;
  readonly report: OutletReport;
}

/** What is being written, how much of it has been, and the first of its records that has not been entirely. */
interface Current {
  readonly parcel: Parcel;
  written: number;
  next: number;
}

const END_OF_LINE = new Uint8Array([NEWLINE]);

export class PipeOutlet implements Outlet {
  readonly #name: string;
  readonly #ports: PipeOutletPorts;
  readonly #queue = new OutletQueue();
  #fd: number | null = null;
  #isWaiting = false;
  #current: Current | null = null;
  /** Part of a line is in the pipe, and this one is to go on with it. */
  #isTorn = false;
  /** Part of a line is in the pipe of which nobody has the rest. */
  #isToBeEnded = false;
  #hasFailed = false;
  #progress = 0;

  constructor(name: string, ports: PipeOutletPorts) {
    this.#name = name;
    this.#ports = ports;
  }

  /** Grows whenever the pipe takes something. */
  get progress(): number {
    return this.#progress;
  }

  /** The pipe is this one from now on. */
  use(fd: number): void {
    this.#fd = fd;
    this.#isWaiting = false;
    this.#isToBeEnded = !this.#isTorn && this.#ports.isMarkedTorn(fd);
    this.#pump();
  }

  room(): void {
    this.#isWaiting = false;
    this.#pump();
  }

  push(parcel: Parcel): void {
    this.#queue.push(parcel);
    this.#pump();
  }

  settle(): Promise<void> {
    return this.#queue.settle();
  }

  /** The pipe is not to be touched any more; what is not in it is lost, and said. */
  close(): void {
    this.#fd = null;
    const lost = this.#dropCurrent() + this.#queue.drop();
    if (lost === 0) return;
    const words = lost === 1 ? "1 line is lost" : `${lost} lines are lost`;
    this.#ports.report(
      `cannot hand on everything to "${this.#name}": it takes nothing, and is not logged to any more; ${words}`,
      false,
    );
  }

  #dropCurrent(): number {
    if (this.#current === null) return 0;
    const { parcel, written } = this.#current;
    this.#current = null;
    // The mark stays at the pipe, for whoever writes there next.
    this.#isTorn = false;
    const lost = linesOf(parcel, parcel.ends.filter((end) => end <= written).length);
    parcel.lost(lost);
    this.#queue.finish(parcel);
    return lost;
  }

  #pump(): void {
    while (this.#fd !== null && !this.#isWaiting) {
      if (this.#isToBeEnded && !this.#endLine(this.#fd)) return;
      this.#current ??= this.#next();
      if (this.#current === null || !this.#writeSome(this.#fd, this.#current)) return;
    }
  }

  #next(): Current | null {
    const parcel = this.#queue.take();
    return parcel === undefined ? null : { parcel, written: 0, next: 0 };
  }

  /** false: not now. */
  #endLine(fd: number): boolean {
    if (this.#write(fd, END_OF_LINE, { start: 0, end: 1 }) === 0) return false;
    this.#isToBeEnded = false;
    this.#ports.markTorn(fd, false);
    return true;
  }

  #writeSome(fd: number, current: Current): boolean {
    const { parcel } = current;
    const piece = pieceOf(current, this.#ports.takenWhole(fd));
    if (!piece.isWhole && !this.#isTorn) this.#mark(fd, true);
    const count = this.#write(fd, parcel.bytes, { start: current.written, end: piece.end });
    current.written += count;
    while ((parcel.ends[current.next] ?? Number.POSITIVE_INFINITY) <= current.written) current.next++;
    const isWithinLine = current.written > 0 && parcel.bytes[current.written - 1] !== NEWLINE;
    if (this.#isTorn !== isWithinLine) this.#mark(fd, isWithinLine);
    if (count === 0) return false;
    this.#progress += count;
    parcel.took(count);
    if (current.written < parcel.bytes.length) return true;
    this.#current = null;
    this.#queue.finish(parcel);
    return true;
  }

  #mark(fd: number, isTorn: boolean): void {
    this.#isTorn = isTorn;
    this.#ports.markTorn(fd, isTorn);
  }

  /** How many bytes were written; 0: it has to be waited for. */
  #write(fd: number, bytes: Uint8Array, stretch: { readonly start: number; readonly end: number }): number {
    const result = this.#ports.write(fd, bytes, stretch);
    if (result.tag === "written") return result.count;
    if (result.tag === "full") {
      this.#isWaiting = true;
      this.#ports.awaitRoom();
      return 0;
    }
    if (!this.#hasFailed) this.#ports.report(`cannot write to "${this.#name}": ${result.errno}`, false);
    this.#hasFailed = true;
    return 0;
  }
}

/** Up to where is written next: as many records as are taken as a whole, or else what there is room for of a long one. */
function pieceOf(
  { parcel, written, next }: Current,
  whole: number,
): { readonly end: number; readonly isWhole: boolean } {
  const { ends, bytes } = parcel;
  let end = written;
  for (let index = next; (ends[index] ?? Number.POSITIVE_INFINITY) <= written + whole; index++)
    end = ends[index] ?? end;
  return end > written ? { end, isWhole: true } : { end: ends[next] ?? bytes.length, isWhole: false };
}
