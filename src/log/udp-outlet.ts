/*
 * A syslog server by datagrams (RFC 5426), one a record. Nobody says whether they arrive; that none does because nobody
 * listens is said if the network tells.
 */
import { OutletQueue } from "./outlet-queue.ts";
import type { Outlet, OutletReport, Parcel } from "./relay-outlet.ts";

export interface DatagramSender {
  /** false: there is no room now. */
  send(bytes: Uint8Array): boolean;
  close(): void;
}

/** Rejects where there is no such host. */
export type OpenSender = (listener: { room(): void; failed(reason: string): void }) => Promise<DatagramSender>;

const RETRY = 5_000;
/** Without a failure for so long it works again. */
const QUIET = 30_000;

export class UdpOutlet implements Outlet {
  readonly #name: string;
  readonly #open: OpenSender;
  readonly #report: OutletReport;
  readonly #queue = new OutletQueue();
  #sender: DatagramSender | null = null;
  #isOpening = false;
  #isClosed = false;
  #failedAt: number | null = null;
  /** The parcel that is being sent, and the records of it that have been. */
  #current: { readonly parcel: Parcel; sent: number } | null = null;

  constructor(name: string, open: OpenSender, report: OutletReport) {
    this.#name = name;
    this.#open = open;
    this.#report = report;
  }

  push(parcel: Parcel): void {
    this.#queue.push(parcel);
    this.#pump();
  }

  settle(): Promise<void> {
    return this.#queue.settle();
  }

  close(): void {
    this.#isClosed = true;
    this.#sender?.close();
  }

  #pump(): void {
    const sender = this.#sender;
    if (sender === null) return this.#begin();
    for (;;) {
      this.#current ??= this.#next();
      if (this.#current === null || !this.#sendCurrent(sender, this.#current)) return;
      this.#current = null;
    }
  }

  #next(): { readonly parcel: Parcel; sent: number } | null {
    const parcel = this.#queue.take();
    return parcel === undefined ? null : { parcel, sent: 0 };
  }

  /** false: there is no room for all of it now. */
  #sendCurrent(sender: DatagramSender, current: { readonly parcel: Parcel; sent: number }): boolean {
    const { parcel } = current;
    for (; current.sent < parcel.ends.length; current.sent++) {
      const start = current.sent === 0 ? 0 : (parcel.ends[current.sent - 1] ?? 0);
      if (!sender.send(parcel.bytes.subarray(start, parcel.ends[current.sent]))) return false;
    }
    this.#queue.finish(parcel);
    this.#noteQuiet();
    return true;
  }

  #begin(): void {
    if (this.#isOpening || this.#isClosed) return;
    this.#isOpening = true;
    this.#open({ room: () => this.#pump(), failed: (reason) => this.#fail(reason) }).then(
      (sender) => {
        this.#isOpening = false;
        if (this.#isClosed) return sender.close();
        this.#sender = sender;
        this.#pump();
      },
      (error: unknown) => {
        this.#fail(error instanceof Error ? error.message : String(error));
        setTimeout(() => {
          this.#isOpening = false;
          this.#pump();
        }, RETRY).unref();
      },
    );
  }

  #fail(reason: string): void {
    if (this.#failedAt === null) this.#report(`cannot send logs to "${this.#name}": ${reason}`, false);
    this.#failedAt = performance.now();
  }

  #noteQuiet(): void {
    if (this.#failedAt === null || performance.now() - this.#failedAt < QUIET) return;
    this.#failedAt = null;
    this.#report(`nothing is said any more against what is sent to "${this.#name}"`, true);
  }
}
