/*
 * The standard input of a service, which may be down or slow: what it does not take now waits. All lines for it go through
 * here, whichever service they come from, so that none is torn. The pipe lives as long as somebody logs to it, and until
 * what was sent is in it: whoever reads from it may be another process by then.
 */
import { OutletQueue } from "./outlet-queue.ts";
import { NEWLINE } from "./line-framer.ts";
import { linesOf, type UsedPipe } from "./relay-messages.ts";
import type { Outlet, OutletReport, Parcel } from "./relay-outlet.ts";

export interface PipeOutletPorts {
  write(
    fd: number,
    bytes: Uint8Array,
    start: number,
  ):
    | { readonly tag: "written"; readonly count: number }
    | { readonly tag: "full" }
    | { readonly tag: "failed"; readonly errno: string };
  /** Has `room` called once the pipe has some. */
  awaitRoom(): void;
  readonly report: OutletReport;
}

export class PipeOutlet implements Outlet {
  readonly #name: string;
  readonly #ports: PipeOutletPorts;
  readonly #queue = new OutletQueue();
  #fd: number | null = null;
  #isWaiting = false;
  /** What is being written, and how much of it has been. */
  #current: { readonly parcel: Parcel; written: number } | null = null;
  #hasFailed = false;
  #progress = 0;
  #endsWithinLine = false;

  constructor(name: string, ports: PipeOutletPorts) {
    this.#name = name;
    this.#ports = ports;
  }

  /** Grows whenever the pipe takes something. */
  get progress(): number {
    return this.#progress;
  }

  /** true: the last that the pipe took was a part of a line. */
  get endsWithinLine(): boolean {
    return this.#endsWithinLine;
  }

  /** The pipe is this one from now on. */
  use({ fd, isKept }: UsedPipe): void {
    this.#fd = fd;
    this.#isWaiting = false;
    if (!isKept) this.#endsWithinLine = false;
    // The rest of that line was given up.
    if (this.#endsWithinLine && this.#current === null) this.#queue.pushFirst(END_OF_LINE);
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
    const lost = linesOf(parcel, parcel.ends.filter((end) => end <= written).length);
    parcel.lost(lost);
    this.#queue.finish(parcel);
    return lost;
  }

  #pump(): void {
    while (this.#fd !== null && !this.#isWaiting) {
      this.#current ??= this.#next();
      if (this.#current === null || !this.#writeSome(this.#fd, this.#current)) return;
    }
  }

  #next(): { readonly parcel: Parcel; written: number } | null {
    const parcel = this.#queue.take();
    return parcel === undefined ? null : { parcel, written: 0 };
  }

  #writeSome(fd: number, current: { readonly parcel: Parcel; written: number }): boolean {
    const { parcel } = current;
    const result = this.#ports.write(fd, parcel.bytes, current.written);
    if (result.tag === "full") {
      this.#isWaiting = true;
      this.#ports.awaitRoom();
      return false;
    }
    if (result.tag === "failed") {
      if (!this.#hasFailed) this.#ports.report(`cannot write to "${this.#name}": ${result.errno}`, false);
      this.#hasFailed = true;
      return false;
    }
    current.written += result.count;
    this.#progress += result.count;
    if (result.count > 0) this.#endsWithinLine = parcel.bytes[current.written - 1] !== NEWLINE;
    parcel.took(result.count);
    if (current.written < parcel.bytes.length) return true;
    this.#current = null;
    this.#queue.finish(parcel);
    return true;
  }
}

/** No record, so nothing is lost with it. */
const END_OF_LINE: Parcel = {
  bytes: new Uint8Array([NEWLINE]),
  ends: [],
  lines: null,
  took: () => undefined,
  done: () => undefined,
  lost: () => undefined,
};
