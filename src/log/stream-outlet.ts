/*
 * A syslog server behind a stream: records counted by octets (RFC 6587, 3.4.1; RFC 5425 for TLS). It connects when there is
 * something to be sent, and again with growing waits while that fails; what was not taken by the kernel is sent again over the
 * next connection. What the kernel had taken when a connection broke may be lost: the protocol has no receipts.
 */
import { OutletQueue } from "./outlet-queue.ts";
import type { Outlet, OutletReport, Parcel } from "./relay-outlet.ts";

/** A connection, as one of the runtime's or a test's. */
export interface OutletConnection {
  write(bytes: Uint8Array, done: () => void): void;
  destroy(): void;
}

export type ConnectOutlet = (listener: { opened(): void; ended(reason: string): void }) => OutletConnection;

/** What may be with the connection and not yet with the kernel, in bytes. */
const MOST_UNDERWAY = 256 * 1024;
const FIRST_DELAY = 200;
const LONGEST_DELAY = 30_000;
/** How long one that is closed still tries to hand on what it has, in milliseconds. */
const LAST_WORDS = 5_000;

export class StreamOutlet implements Outlet {
  readonly #name: string;
  readonly #connect: ConnectOutlet;
  readonly #report: OutletReport;
  readonly #queue = new OutletQueue();
  #connection: OutletConnection | null = null;
  #isOpen = false;
  #underway: Parcel[] = [];
  #bytesUnderway = 0;
  #retry: NodeJS.Timeout | null = null;
  #delay = FIRST_DELAY;
  #isFailing = false;
  #isClosed = false;

  constructor(name: string, connect: ConnectOutlet, report: OutletReport) {
    this.#name = name;
    this.#connect = connect;
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
    void Promise.race([this.settle(), Bun.sleep(LAST_WORDS)]).then(() => {
      this.#isClosed = true;
      if (this.#retry !== null) clearTimeout(this.#retry);
      this.#connection?.destroy();
    });
  }

  #pump(): void {
    if (this.#connection === null) return this.#begin();
    while (this.#isOpen && this.#bytesUnderway < MOST_UNDERWAY) {
      const parcel = this.#queue.take();
      if (parcel === undefined) return;
      this.#send(this.#connection, parcel);
    }
  }

  #begin(): void {
    if (this.#retry !== null || this.#isClosed || this.#queue.length === 0) return;
    const connection = this.#connect({
      opened: () => this.#opened(),
      ended: (reason) => this.#ended(reason),
    });
    this.#connection = connection;
  }

  #opened(): void {
    this.#isOpen = true;
    if (this.#isFailing) this.#report(`"${this.#name}" is reached again`, true);
    this.#isFailing = false;
    this.#pump();
  }

  #send(connection: OutletConnection, parcel: Parcel): void {
    const bytes = countedOf(parcel);
    this.#underway.push(parcel);
    this.#bytesUnderway += bytes.length;
    connection.write(bytes, () => {
      if (this.#connection !== connection) return;
      this.#underway.splice(this.#underway.indexOf(parcel), 1);
      this.#bytesUnderway -= bytes.length;
      this.#delay = FIRST_DELAY;
      this.#queue.finish(parcel);
      this.#pump();
    });
  }

  #ended(reason: string): void {
    const wasAtWork = !this.#isOpen || this.#underway.length > 0;
    this.#queue.putBack(this.#underway);
    this.#underway = [];
    this.#bytesUnderway = 0;
    this.#connection = null;
    this.#isOpen = false;
    if (this.#isClosed) return;
    if (wasAtWork && !this.#isFailing) {
      this.#isFailing = true;
      this.#report(`cannot send logs to "${this.#name}": ${reason}; they wait in memory`, false);
    }
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#pump();
    }, this.#delay);
    this.#delay = Math.min(2 * this.#delay, LONGEST_DELAY);
  }
}

const encoder = new TextEncoder();

/** Each record behind the number of its bytes and a blank. */
function countedOf({ bytes, ends }: Parcel): Uint8Array {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (const end of ends) {
    parts.push(encoder.encode(`${end - start} `), bytes.subarray(start, end));
    start = end;
  }
  return Buffer.concat(parts);
}
